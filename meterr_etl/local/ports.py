"""Ports of 127.0.0.1: whether one is free, and which one to take."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from meterr_etl.errors import BusyError

TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections still linger counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
        return True


def choose_port(first: int) -> int:
    """Return the first free port from `first` on; below the ports that systems hand out.

    Raises:
        BusyError: a long stretch of ports is taken.
    """
    for port in range(first, first + TRIES):
        if is_free(port):
            return port
    raise BusyError(
        f"No port of 127.0.0.1 from {first} to {first + TRIES - 1} is free.",
        remedy="Stop programs that listen there.",
    )


def require_free(port: int, remembered_in: Path) -> None:
    """Refuse a remembered port that another program has taken.

    Raises:
        BusyError: it is taken; the message says how to choose another.
    """
    if not is_free(port):
        raise BusyError(
            f"Port {port} of 127.0.0.1 is in use by another program.",
            remedy=f"Stop that program, or delete {remembered_in} to let meterr choose a port.",
        )
