"""source list, source check: where raw events come from, and whether they fit."""

from __future__ import annotations

from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson
from meterr_etl.cli.output import note, print_json, print_table
from meterr_etl.errors import SourceMismatchError

app = typer.Typer(help="Where raw events come from, and whether they fit.", no_args_is_help=True)


@app.command("list", epilog="Example: meterr source list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the sources, and whether each has an address here."""
    from meterr_etl.settings import settings  # noqa: PLC0415
    from meterr_etl.sources.registry import list_sources, load_source  # noqa: PLC0415

    rows = [
        {
            "source": name,
            "table": f"{load_source(name).schema_name}.{load_source(name).table}",
            "has_url": settings().for_source(name).url is not None,
        }
        for name in list_sources()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


@app.command(epilog="Example: meterr source check supabase")
def check(
    name: Annotated[str, typer.Argument(help="The source, as `source list` names it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say in plain words what of a source does not fit its mapping, and what to do about it."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.sources.check import check_source  # noqa: PLC0415

    found = check_source(name)
    if as_json:
        print_json({**asdict(found), "fits": found.fits})
    else:
        print_table([asdict(finding) for finding in found.findings])
    if not found.fits:
        problems = [finding for finding in found.findings if finding.level == "problem"]
        raise SourceMismatchError(
            f"The source '{name}' does not fit: {problems[0].message}", remedy=problems[0].remedy
        )
    note(f"The source '{name}' fits.")
