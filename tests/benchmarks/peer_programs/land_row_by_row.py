"""Lands events as an application would: each row through a pydantic model: `SOURCE TARGET SCHEMA`.

Rows come from a server-side cursor; valid ones go to a COPY one by one, the others to a list.
"""

from __future__ import annotations

import sys
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel, NonNegativeInt, ValidationError, model_validator

BATCH = 10_000


class UsageRow(BaseModel):
    """One event, with the rules that the pipeline holds too."""

    id: UUID
    organization_id: UUID
    user_id: UUID | None
    api_key_id: UUID | None
    project_id: UUID | None
    provider: str
    model: str
    input_tokens: NonNegativeInt
    output_tokens: NonNegativeInt
    cache_read_tokens: NonNegativeInt | None
    cache_write_5m_tokens: NonNegativeInt | None
    cache_write_1h_tokens: NonNegativeInt | None
    reasoning_tokens: NonNegativeInt | None
    input_audio_tokens: NonNegativeInt | None
    output_audio_tokens: NonNegativeInt | None
    web_search_requests: NonNegativeInt | None
    service_tier: str | None
    is_batch: bool | None
    status: str | None
    cost_usd: Decimal | None
    latency_ms: NonNegativeInt | None
    feature: str | None
    environment: str | None
    session_id: str | None
    request_id: str | None
    metadata: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime

    @model_validator(mode="after")
    def parts_fit_their_whole(self) -> Self:
        """Refuse a part that is larger than its whole, and an event later than its record."""
        if self.output_tokens < (self.reasoning_tokens or 0) + (self.output_audio_tokens or 0):
            raise ValueError("parts above the output")
        if self.provider != "anthropic" and self.input_tokens < (self.cache_read_tokens or 0):
            raise ValueError("cached above the input")
        if self.created_at > self.updated_at:
            raise ValueError("in the future")
        return self


def main(source: str, target: str, schema: str) -> None:
    """Land every valid row in `token_usage` of the schema, which exists."""
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in UsageRow.model_fields)
    table = sql.Identifier(schema, "token_usage")
    refused = []
    with (
        psycopg.connect(source) as reader,
        psycopg.connect(target) as writer,
        reader.cursor("rows", row_factory=dict_row) as rows,
        writer.cursor() as cursor,
        cursor.copy(sql.SQL("copy {} ({}) from stdin").format(table, columns)) as copy,
    ):
        rows.itersize = BATCH
        rows.execute(sql.SQL("select {} from public.token_usage").format(columns))
        for row in rows:
            try:
                values = UsageRow.model_validate(row).model_dump()
            except ValidationError as error:
                refused.append((row["id"], str(error)))
            else:
                tags = values["metadata"]
                values["metadata"] = Jsonb(tags) if tags is not None else None
                copy.write_row(list(values.values()))
    print(f"{len(refused)} rows refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
