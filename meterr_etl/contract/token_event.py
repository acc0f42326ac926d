"""The canonical event, described once (DESIGN §5).

The staging columns, the SQL verdict and the data dictionary are derived from this model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from meterr_etl.contract.across import NOT_AFTER_UPDATE, REQUIRED_WITH_COST, AcrossRule
from meterr_etl.contract.leaves import EXCLUSIVE, INCLUSIVE, OUTPUT, TOKEN_TYPES, UNCACHED_INPUT
from meterr_etl.contract.leaves import Leaf as LeafRule
from meterr_etl.contract.literals import CURRENCY
from meterr_etl.contract.measures import MAX_INT4, Amount, Counter, Moment
from meterr_etl.contract.objects import JsonObject, Quantities
from meterr_etl.contract.rule import Rule, fault
from meterr_etl.contract.words import Choice, Code, Flag, Text

Place = Literal["identity", "event", "owner", "sku", "tags", "leaf", "not stored"]


@dataclass(frozen=True)
class Mapped:
    """A field that a source's mapping gives: its rule, where staging keeps it, and its unit."""

    rule: Rule
    place: Place
    unit: str = ""
    across: AcrossRule | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The suffixes of every reason that the field can die of."""
        return tuple(sorted((*self.rule.codes, *([self.across.code] if self.across else []))))

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_before_validator_function(self._read, handler(source))

    def _read(self, value: object, info: core_schema.ValidationInfo) -> object:
        read = self.rule.read(value)
        if self.across and self.across.breaks(read, info.data):
            raise fault(self.across.code)
        return read


@dataclass(frozen=True)
class Derived:
    """A leaf that follows from other fields; pydantic shows it only those that are legal."""

    leaf: LeafRule
    codes: tuple[str, ...] = ("negative",)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_before_validator_function(self._derive, handler(source))

    def _derive(self, _: object, info: core_schema.ValidationInfo) -> int | None:
        if not all(name in info.data for name in self.leaf.needs):
            return None
        rest = self.leaf.rest_of(info.data)
        if rest is not None and rest < 0:
            raise fault("negative")
        return rest


Id = Annotated[str | None, Mapped(Text(256), "owner")]
SkuName = Annotated[str | None, Mapped(Text(256), "sku")]
RequiredName = Annotated[str, Mapped(Text(256, is_required=True), "sku")]
Part = Annotated[int | None, Mapped(Counter(), "leaf", "tokens")]
Total = Annotated[int | None, Mapped(Counter(), "not stored", "tokens")]


class TokenEvent(BaseModel):
    """One billable provider attempt, or a bucket, fee or correction; grain: one per source and id.

    Counters are as the source reported them, overlapping or not as `usage_basis` says; None means
    not reported. `uncached_input` and `output` are what their parts leave of the totals.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True)

    source_event_id: Annotated[str, Mapped(Text(512, is_required=True), "identity")] = Field(
        description="The source's id of the event; with the source's name it is the identity."
    )
    source_updated_at: Annotated[datetime, Mapped(Moment(), "event", "UTC")] = Field(
        description="When the source last changed the row; the greatest revision stands."
    )
    event_at: Annotated[datetime, Mapped(Moment(), "event", "UTC", across=NOT_AFTER_UPDATE)] = (
        Field(description="When the call happened; its UTC date is the day that is charged.")
    )

    tenant_id: Annotated[str, Mapped(Text(256, is_required=True), "owner")] = Field(
        description="The customer who pays."
    )
    project_id: Id = Field(None, description="The project that the event names.")
    user_id: Id = Field(None, description="The user that the event names.")
    api_key_id: Id = Field(None, description="The API key's id, never the key.")
    environment: Id = Field(None, description="Such as prod or staging.")
    feature: Id = Field(None, description="The product feature that made the call.")
    session_id: Annotated[str | None, Mapped(Text(512), "event")] = Field(
        None, description="What groups calls of one conversation or job."
    )
    tags: Annotated[dict[str, Any] | None, Mapped(JsonObject(), "tags")] = Field(
        None, description="Free key-value pairs, for rules that filter."
    )

    reported_cost: Annotated[
        Decimal | None, Mapped(Amount(), "event", "reported_cost_currency")
    ] = Field(None, description="What the source says that it cost; a witness, never the price.")
    provider: RequiredName = Field(description="Who served the call.")
    model: RequiredName = Field(description="The model as served.")
    model_requested: SkuName = Field(None, description="The model or alias that was asked for.")
    region: SkuName = Field(None, description="Where it was served, where that has a price.")
    service_tier: SkuName = Field(None, description="Such as default, flex or priority.")
    processing_mode: Annotated[str, Mapped(Choice(("sync", "batch"), "sync"), "sku")] = Field(
        "sync", description="Batch jobs have prices of their own."
    )
    accounting_role: Annotated[str, Mapped(Choice(("leaf", "rollup"), "leaf"), "sku")] = Field(
        "leaf", description="A rollup repeats usage that other events carry, so it is not priced."
    )
    status: SkuName = Field(None, description="How the call ended, in the source's words.")
    is_gateway_cache_hit: Annotated[bool, Mapped(Flag(), "sku")] = Field(
        default=False, description="A gateway answered from its own cache; nothing is billed."
    )
    reported_cost_currency: Annotated[
        str | None, Mapped(Code(CURRENCY), "sku", across=REQUIRED_WITH_COST)
    ] = Field(None, description="The currency of reported_cost.")

    usage_basis: Annotated[str, Mapped(Choice((INCLUSIVE, EXCLUSIVE)), "not stored")] = Field(
        description="Whether input_tokens contains the tokens that the cache read and wrote."
    )
    input_tokens: Total = Field(None, description="Input as reported, audio included.")
    cache_read_tokens: Part = Field(None, description="Input that the cache served.")
    cache_write_tokens: Part = Field(None, description="Input written to the cache, no TTL given.")
    cache_write_5m_tokens: Part = Field(None, description="Input cached for five minutes.")
    cache_write_1h_tokens: Part = Field(None, description="Input cached for one hour.")
    input_audio_tokens: Part = Field(None, description="Audio input, part of input_tokens.")
    uncached_input: Annotated[int | None, Derived(UNCACHED_INPUT)] = Field(
        None, description="Input that is neither cached nor audio."
    )
    output_tokens: Total = Field(
        None, description="Output as reported, reasoning and audio included."
    )
    reasoning_tokens: Part = Field(None, description="Reasoning, part of output_tokens.")
    output_audio_tokens: Part = Field(None, description="Audio output, part of output_tokens.")
    output: Annotated[int | None, Derived(OUTPUT)] = Field(
        None, description="Output that is neither reasoning nor audio."
    )
    web_search_requests: Annotated[int | None, Mapped(Counter(), "leaf", "calls")] = Field(
        None, description="Web searches that the call made."
    )
    request_count: Annotated[int, Mapped(Counter(default=1), "leaf", "calls")] = Field(
        1, description="Provider calls that the event stands for; more than 1 in a bucket."
    )
    extra_units: Annotated[
        dict[str, Any] | None, Mapped(Quantities(reserved=TOKEN_TYPES), "event", "by key")
    ] = Field(None, description="Quantities that no column has, by token type.")
    latency_ms: Annotated[
        int | None, Mapped(Counter(MAX_INT4, pg_type="integer"), "event", "ms")
    ] = Field(None, description="From request to last byte.")


def mapped_fields() -> dict[str, Mapped]:
    """Return every field that a mapping gives, in the model's order."""
    return {
        name: note
        for name, field in TokenEvent.model_fields.items()
        for note in field.metadata
        if isinstance(note, Mapped)
    }


def derived_fields() -> dict[str, Derived]:
    """Return every leaf that follows from others, in the model's order."""
    return {
        name: note
        for name, field in TokenEvent.model_fields.items()
        for note in field.metadata
        if isinstance(note, Derived)
    }


def reason_codes() -> tuple[str, ...]:
    """Return every reason that a row can die of, sorted."""
    mapped = {name: note.codes for name, note in mapped_fields().items()}
    derived = {name: note.codes for name, note in derived_fields().items()}
    every = (mapped | derived).items()
    return tuple(sorted(f"{name}_{code}" for name, codes in every for code in codes))


def judge(row: Mapping[str, object]) -> TokenEvent | tuple[str, ...]:
    """Return the event that a mapped row is, or every reason why it is none, sorted.

    Values are of the contract's types or text, as a mapping yields them.
    """
    try:
        return TokenEvent.model_validate(dict(row))
    except ValidationError as error:
        codes = {
            f"{found['loc'][0]}_{code}"
            for found in error.errors(include_url=False, include_input=False)
            for code in _codes_of(found["type"], found.get("ctx", {}))
        }
        return tuple(sorted(codes))


def _codes_of(kind: str, context: Mapping[str, Any]) -> tuple[str, ...]:
    if kind == "missing":
        return ("missing",)
    return tuple(context.get("codes", ("malformed",)))
