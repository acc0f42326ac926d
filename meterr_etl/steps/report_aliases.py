"""Names the model that an unknown name of a run may mean, and the command that says so."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from meterr_etl.steps.report_facts import Row, RunFacts

MOST_NAMES = 20
UNPRICED_SAMPLE = {"provider", "model", "token_type", "consumed_quantity"}
UNKNOWN = ("unknown_model", "unknown_provider")


def suggested_aliases(facts: RunFacts) -> list[Row]:
    """Return the unknown names of a run that are near a known one, each with what to type.

    A guess for a person to confirm; nothing is ever priced by it. A red night has published
    nothing, so its names are those of the sample that its gate kept.
    """
    names = dict.fromkeys((*_published(facts), *_sampled(facts)))
    if not names:
        return []
    from meterr_etl.pricing.names import find_model, suggest_alias  # noqa: PLC0415 - a catalogue

    found = []
    for provider, model in list(names)[:MOST_NAMES]:
        # A known model may lack a price for one unit of it: no alias would mend that.
        target = None if find_model(provider, model) else suggest_alias(provider, model)
        if target:
            words = ["meterr", "prices", "alias", provider, model, target, "--reason", "…"]
            found.append(
                {
                    "provider": provider,
                    "model": model,
                    "suggested": target,
                    "command": shlex.join(words),
                }
            )
    return found


def _published(facts: RunFacts) -> Iterator[tuple[str, str]]:
    for row in facts.unpriced or []:
        if any(reason in str(row["reason"]) for reason in UNKNOWN):
            yield str(row["provider"]), str(row["model"])


def _sampled(facts: RunFacts) -> Iterator[tuple[str, str]]:
    for verdict in facts.gates:
        if verdict["outcome"] == "failed":
            for row in verdict["sample"]:
                if set(row) == UNPRICED_SAMPLE:
                    yield str(row["provider"]), str(row["model"])
