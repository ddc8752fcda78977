"""A deploy of this version beside the one before, on tables that are migrated while both live."""

import pytest
from sqlalchemy import create_engine, inspect

from bakong_explorer import version_before
from bakong_explorer.life import live
from bakong_explorer.real_stores import RealStores
from bakong_explorer.story import Happening, Story
from bakong_service.adapters.sql.tables import metadata

BUYING = tuple(Happening(at_ms, "buy_and_pay", at_ms) for at_ms in (1_000, 250_000, 500_000))
DEPLOY = Happening(200_000, "new_version", 3, 60_000)
STORY = Story(seed=5, profile={"replicas": 2, "users": 2, "before": 1}, acts=BUYING, faults=(DEPLOY,))


def test_both_versions_live_beside_each_other_and_the_laws_hold():
    life = live(STORY)
    assert life.violation is None
    assert tables(life) == ["are migrated", "all replicas are of this version"]
    assert life.met["webhook 204"] > 3


def tables(life):
    return [what for _, who, _, what in life.lines if who == "tables"]


@pytest.mark.campaign
def test_they_do_on_postgresql_too(postgres_url):
    with RealStores("postgresql", postgres_url) as stores:
        life = live(STORY, stores)
    assert life.violation is None
    assert tables(life) == ["are migrated", "all replicas are of this version"]


def test_a_process_that_writes_what_its_tables_lack_is_seen(monkeypatch):
    monkeypatch.setattr(version_before, "ADDED", {})
    assert live(STORY.but(faults=())).violation is not None


def test_what_is_new_is_what_the_newest_migrations_add():
    with create_engine("sqlite://").begin() as connection:
        version_before.make_tables(connection)
        known = inspect(connection)
        before = {name: {one["name"] for one in known.get_columns(name)} for name in known.get_table_names()}
    new = {name: tuple(set(table.columns.keys()) - before[name]) for name, table in metadata.tables.items()}
    assert {name: columns for name, columns in new.items() if columns} == version_before.ADDED
