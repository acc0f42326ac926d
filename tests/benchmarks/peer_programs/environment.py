"""The peers' own environment, which the Makefile makes from `peers.lock` for the full benchmark."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PEERS_BIN = ROOT / ".venv-peers" / "bin"
PEERS_PYTHON = PEERS_BIN / "python"
WHY_NOT = "the peers' environment is not installed: `make peers`"


def is_installed() -> bool:
    """Whether the Makefile got to the end of installing it."""
    return (ROOT / ".venv-peers" / ".installed").exists()
