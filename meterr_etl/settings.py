"""Settings from METERR_* variables or a meterr.toml: the one reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from meterr_etl.errors import SettingsError

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class SourceSettings(BaseModel):
    """What a deployment decides about one source; the defaults are the design's (DESIGN §11)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr | None = None
    dead_letters_max_rows: int = Field(20, ge=0)
    dead_letters_max_share: Decimal = Decimal("0.001")
    unpriced_max_share: Decimal = Decimal("0.05")
    volume_min_ratio: Decimal = Decimal("0.2")
    volume_max_ratio: Decimal = Decimal(5)
    statement_timeout_s: int = Field(600, ge=1)


class Settings(BaseSettings):
    """One frozen object; secrets never appear in its repr."""

    model_config = SettingsConfigDict(
        env_prefix="METERR_",
        env_nested_delimiter="__",
        toml_file="meterr.toml",
        extra="forbid",
        frozen=True,
    )

    warehouse_url: SecretStr | None = None
    analyst_url: SecretStr | None = None
    source_url: SecretStr | None = None
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    home: Path | None = None
    candidate_slots: int = Field(4, ge=1, le=4)
    keep_failed_days: int = Field(7, ge=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments win over the environment, and that over meterr.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def for_source(self, name: str) -> SourceSettings:
        """Return the settings of one source; its URL falls back to METERR_SOURCE_URL."""
        chosen = self.sources.get(name, SourceSettings())
        return chosen if chosen.url else chosen.model_copy(update={"url": self.source_url})


@cache
def settings() -> Settings:
    """Return the process's settings, read once.

    Raises:
        SettingsError: a variable or a line of meterr.toml is malformed; values are not repeated.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(
            f"The settings can't be used: {faults}.",
            remedy="Mend the METERR_* variable or the line of meterr.toml that is named.",
        ) from error


def inherited_environment(**changes: str) -> dict[str, str]:
    """Return a copy of this process's environment for a child, with changes applied."""
    return {**os.environ, **changes}


def adopt_environment(variables: Mapping[str, str]) -> None:
    """Take over another process's environment, in one that was forked to work for it."""
    os.environ.clear()
    os.environ.update(variables)
    settings.cache_clear()


@contextmanager
def environment(**changes: str) -> Iterator[None]:
    """Set variables of this process for the time of a block, then put back what stood before."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def environment_flag(name: str) -> Any:
    """Return one raw variable that is not ours to model (CI, DISPLAY, …), or None."""
    return os.environ.get(name)
