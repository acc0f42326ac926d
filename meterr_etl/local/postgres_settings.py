"""The embedded server's configuration, scaled to the machine it runs on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import psutil

MEGABYTE = 1024 * 1024
ROOMY_MB = 1024
CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at for its size, never written to


def configuration(port: int, overrides: Mapping[str, str] | None = None) -> str:
    """Return the text of a configuration file: TCP on the loopback only, UTC, memory by RAM."""
    chosen = {**_fixed(port), **_memory(memory_mb()), **_parallelism(), **(overrides or {})}
    lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in chosen.items())
    return "# Written by meterr at every start; changes belong into its own settings.\n" + "".join(
        f"{line}\n" for line in lines
    )


def memory_mb() -> int:
    """Return the memory that this process may use: the machine's, or its container's limit."""
    total = psutil.virtual_memory().total
    for path in CGROUP_LIMITS:
        if path.exists() and (text := path.read_text().strip()).isdigit():
            total = min(total, int(text))
    return int(total // MEGABYTE)


def _fixed(port: int) -> dict[str, str]:
    return {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        # Without a socket there is nothing to clean up, and no path that could be too long.
        "unix_socket_directories": "",
        "max_connections": "200",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "ISO, YMD",
        "log_line_prefix": "%m [%p] %d %a ",
        "log_checkpoints": "off",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
    }


def _memory(available_mb: int) -> dict[str, str]:
    # Airflow and the pipeline live on the same machine, so the server takes an eighth.
    shared = min(max(available_mb // 8, 64), 2048)
    return {
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(available_mb // 2, 128)}MB",
        "work_mem": f"{min(max(available_mb // 384, 4), 64)}MB",
        "maintenance_work_mem": f"{min(max(available_mb // 32, 32), 512)}MB",
        # A container's /dev/shm is often 64 MB, which a parallel hash join outgrows.
        "dynamic_shared_memory_type": "posix" if _shared_memory_mb() >= ROOMY_MB else "mmap",
    }


def _shared_memory_mb() -> int:
    return shutil.disk_usage(SHARED_MEMORY).total // MEGABYTE if SHARED_MEMORY.exists() else 0


def _parallelism() -> dict[str, str]:
    processors = os.cpu_count() or 2
    return {
        "max_worker_processes": str(max(8, processors)),
        "max_parallel_workers": str(processors),
        "max_parallel_workers_per_gather": str(min(2, processors)),
    }
