"""What the header of a source may say, and what is refused."""

import shutil
from datetime import timedelta

import pytest

from meterr_etl.errors import InputError, SettingsError
from meterr_etl.sources.registry import SOURCES_FOLDER, list_sources, load_source, read_source


@pytest.fixture
def copied_folder(tmp_path):
    """A folder of the supabase source that a test may spoil."""
    return shutil.copytree(SOURCES_FOLDER / "supabase", tmp_path / "supabase")


def spoil(folder, old, new):
    header = folder / "source.toml"
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new, 1))


def test_supabase_is_a_source_with_its_cursor_and_its_owners():
    source = load_source("supabase")
    assert "supabase" in list_sources()
    assert source.qualified_table == "public.token_usage"
    assert (source.cursor_column, source.cursor_fallback) == ("updated_at", "created_at")
    assert source.lookback == timedelta(hours=2)
    assert source.marks_revisions
    assert [entity.name for entity in source.entities] == [
        "organizations", "teams", "projects", "users", "api_keys",
    ]  # fmt: skip


def test_every_entity_names_its_tenant_and_when_it_changed():
    for entity in load_source("supabase").entities:
        assert {entity.id_column, entity.tenant_column, entity.changed_column} <= set(
            entity.columns
        )


def test_unknown_source_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"no source 'suparbase'.*Choose one of: .*supabase"):
        load_source("suparbase")


def test_unknown_field_in_a_header_is_named(copied_folder):
    spoil(copied_folder, 'lookback = "PT2H"', 'lookback = "PT2H"\nlook_back = "PT3H"')
    with pytest.raises(SettingsError, match="look_back"):
        read_source(copied_folder)


def test_column_type_that_no_landing_table_has_is_refused(copied_folder):
    spoil(copied_folder, 'id = "uuid"', 'id = "money"')
    with pytest.raises(SettingsError, match=r"columns\.id"):
        read_source(copied_folder)


def test_cursor_that_is_not_declared_is_refused(copied_folder):
    spoil(copied_folder, 'cursor_column = "updated_at"', 'cursor_column = "touched_at"')
    with pytest.raises(SettingsError, match="does not declare: touched_at"):
        read_source(copied_folder)


def test_broken_toml_is_one_sentence_with_the_file(copied_folder):
    spoil(copied_folder, 'table = "token_usage"', "table = token_usage")
    with pytest.raises(SettingsError, match=r"'supabase' can't be used.*source\.toml"):
        read_source(copied_folder)


def test_missing_mapping_is_refused(copied_folder):
    (copied_folder / "events.sql").unlink()
    with pytest.raises(SettingsError, match=r"events\.sql"):
        read_source(copied_folder)


def test_name_must_be_that_of_the_folder(copied_folder):
    with pytest.raises(SettingsError, match="calls itself 'supabase'"):
        read_source(copied_folder.rename(copied_folder.parent / "other"))
