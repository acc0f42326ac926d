"""What is generated from the code equals the code."""

from __future__ import annotations

from pathlib import Path

from meterr_etl.contract.dictionary import page

ROOT = Path(__file__).resolve().parents[2]


def test_data_dictionary_is_the_contracts() -> None:
    assert (ROOT / "DATA_DICTIONARY.md").read_text(encoding="utf-8") == page(), (
        "the contract changed: run `make docs`"
    )
