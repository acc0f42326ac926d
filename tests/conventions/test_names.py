"""Names say what a thing is; no file is a magnet for whatever has no home."""

from __future__ import annotations

import inspect
import re

from meterr_etl import errors

MAGNETS = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "constants", "base"}


def test_no_module_is_a_magnet(repository):
    found = [
        repository.name(file)
        for file in repository.python("meterr_etl", "dags", "tests", "migrations")
        if set(file.relative_to(repository.root).with_suffix("").parts) & MAGNETS
    ]
    assert found == []


def test_every_error_says_so_and_knows_its_exit_code():
    raised = [
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, errors.MeterrError)
    ]
    assert len(raised) > 5
    assert all(error.__name__.endswith("Error") and error.exit_code > 0 for error in raised)


def test_migrations_are_numbered_without_a_gap_and_named_by_their_deed(repository):
    names = [f.name for f in repository.python("migrations") if f.parent.name == "versions"]
    assert names
    assert all(re.fullmatch(r"\d{4}_[a-z]+_[a-z0-9_]+\.py", name) for name in names)
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_nothing_that_dbt_would_import_as_a_plugin_lies_on_the_path(repository):
    # dbt imports every top-level module named dbt_*, also a package that is a project's folder.
    tops = {file.relative_to(repository.root).parts for file in repository.python()}
    assert ("dbt_project", "__init__.py") not in tops
    assert not [parts for parts in tops if parts[-1].startswith("dbt_") and len(parts) <= 2]
