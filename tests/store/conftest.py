"""Each test of a store runs on both databases, each time in an empty one."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from fsm.store import Store
from tests.store.postgres import Server, running

NUMBERS = count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def postgresql(server: Server) -> str:
    return schema_of(server)


def schema_of(server: Server) -> str:
    """The URL of an empty schema."""
    # Each test has a schema of its own: a database would take ten times as long.
    name = f"test{next(NUMBERS)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server.url}?options=-csearch_path%3D{name}"


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/rooms.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store(url) as store:
        yield store
