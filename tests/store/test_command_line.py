"""`fsm store`, and `fsm replay --store`: what stands in a log stands in a store afterwards."""

import json
from pathlib import Path

import pytest

from fsm import Room
from fsm.cli import run
from fsm.store import Store, schema
from tests.builders import ALICE, BOB, JOIN, change, create, is_one_line, join_rule, message

TEA = "!room:a.example"
LOG = [create(), join_rule("public"), change(JOIN, BOB, event_id="$1"), message("@eve:c.example")]


@pytest.fixture
def filled(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps({**event, "room_id": TEA}) + "\n" for event in LOG))
    assert run(["replay", str(log), "--store", url, "--summary"]) == 0
    assert "4 events, 3 allowed, 1 rejected, no errors" in capsys.readouterr().out
    return url


def test_a_log_fills_a_store(filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(filled) as store:
        assert store.who(TEA) == {ALICE: "join", BOB: "join"}
        assert [each.revision for _, each in store.changes()] == [1, 2, 3]
    again = tmp_path / "again.jsonl"
    again.write_text(
        json.dumps({**LOG[2], "room_id": TEA}) + "\n" + json.dumps({**change("leave", BOB), "room_id": TEA})
    )
    assert run(["replay", str(again), "--store", filled]) == 0
    with Store(filled) as store:
        assert (store.room(TEA).revision, store.who(TEA)) == (4, {ALICE: "join"})
    capsys.readouterr()


def lines(path: Path, events: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps({**event, "room_id": TEA}) + "\n" for event in events))
    return str(path)


AT_FIRST = [
    create(),
    change("join", BOB),
    message(ALICE),
    change("ban", ALICE, BOB),
    change("join", BOB),
    message(ALICE),
]
LATER = [change("leave", ALICE, BOB), join_rule("public"), change("join", BOB), message(BOB)]


@pytest.mark.parametrize("known", range(len([*AT_FIRST, *LATER]) + 1))
def test_a_run_that_was_interrupted_is_run_again(sqlite: str, tmp_path: Path, known: int) -> None:
    # What was refused then would be allowed now: the whole log leads to what it would have led to at once.
    events = [*AT_FIRST, *LATER]
    for some in (events[:known], events, events):
        assert run(["replay", lines(tmp_path / "log.jsonl", some), "--store", sqlite, "--summary"]) == 0
    in_memory = Room(TEA)
    accepted = [event for event in events if in_memory.send(event)]
    with Store(sqlite) as store:
        assert [each.event for _, each in store.changes()] == [{**event, "room_id": TEA} for event in accepted]
        assert store.who(TEA) == in_memory.participations() == {ALICE: "join", BOB: "join"}


def test_a_room_that_went_on_otherwise_is_named(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", lines(tmp_path / "log.jsonl", AT_FIRST), "--store", url]) == 0
    with Store(url) as store:
        store.send(TEA, message(ALICE))
        store.send(TEA, join_rule("public"))
    for events, status in ((AT_FIRST, 0), ([*AT_FIRST, *LATER], 2)):
        assert run(["replay", lines(tmp_path / "log.jsonl", events), "--store", url]) == status
    assert capsys.readouterr().err == f"fsm: room `{TEA}` went on otherwise than the log says: see revision 5\n"


def test_what_is_given_is_taken(sqlite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps({**event, "room_id": TEA}) + "\n" for event in LOG[1:]))
    assert run(["replay", str(log), "--store", sqlite]) == 2
    assert "the creation of" in capsys.readouterr().err
    with Store(sqlite) as store:
        assert [each.outcome.value for _, each in store.changes()] == ["taken", "taken"]
        assert store.who(TEA) == store.room(TEA).participations() == {BOB: "join"}


def test_the_store_is_shown(filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = [
        ([], ["1 room", f"  {TEA}  mimi  revision 3  2 participants", "last changes"]),
        (["--room", TEA, "--changes", "0"], [f"{TEA}  2 join", f"  {ALICE}  join", f"  {BOB}  join", "no changes"]),
        (["--user", BOB], [f"{BOB} is in 1 room", f"  {TEA}  join"]),
        (["--user", "@nobody"], ["@nobody is in no rooms"]),
    ]
    for arguments, lines in shown:
        assert run(["store", filled, *arguments]) == 0
        assert capsys.readouterr().out.splitlines()[: len(lines)] == lines
    assert run(["store", filled, "--json", "--changes", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rooms"] == [{"id": TEA, "policy": "mimi", "revision": 3, "participants": 2}]
    assert [(each["revision"], each["transition"]) for each in told["changes"]] == [(3, "join")]


# fmt: off
UNUSABLE = [
    (["store", "sqlite:///{tmp}/none.db"],                      "{tmp}/none.db: there is no such file"),
    (["store", "sqlite:///{tmp}"],                              "{tmp}: there is no such file"),
    (["store", "sqlite://"],                                    "memory: there is no such file"),
    (["store", "sqlite:///{tmp}/text.db"],                      "the database says: file is not a database"),
    (["store", "sqlite:///{tmp}/empty.db"],                     "there is no store in sqlite:///{tmp}/empty.db"),
    (["store", "sqlite:///{tmp}/later.db"],                     "the store is of version 99, and this package knows up to 1: update it"),
    (["store", "sqlite:///{tmp}/rooms.db", "--room", "!x"],     "there is no room `!x` in the store"),
    (["store", "sqlite:///{tmp}/rooms.db", "--room", "!", "--user", "@"], "`--room` and `--user` ask for different things"),
    (["store", "rooms.db"],                                     "`rooms.db` is no URL of a database, such as `sqlite:///rooms.db`"),
    (["store", ""],                                             "`` is no URL of a database"),
    (["store", "mysql://host/x"],                               "`mysql` is no database that a store can be in"),
    (["store", "sqlite+aiosqlite:///x"],                        "`sqlite+aiosqlite` is no database that a store can be in"),
    (["store", "postgresql://127.0.0.1:1/x"],                   "the database says: "),
    (["store", "postgresql://host:port/x"],                     "`postgresql://host:port/x` is no URL of a database"),
    (["store", "sqlite:///{tmp}/rooms.db", "--changes", "-1"],  "invalid value for '--changes'"),
    (["replay", "{tmp}/nameless.jsonl", "--store", "sqlite:///{tmp}/new.db"], "a room without an id cannot be stored"),
    (["replay", "{tmp}/nameless.jsonl", "--store", "rooms.db"], "`rooms.db` is no URL of a database"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=range(len(UNUSABLE)))
def test_what_is_wrong_is_one_line(
    arguments: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.db").write_text("no database at all" * 100)
    (tmp_path / "empty.db").touch()
    (tmp_path / "nameless.jsonl").write_text(json.dumps(create()) + "\n")
    for name in ("rooms", "later"):
        with Store(f"sqlite:///{tmp_path}/{name}.db") as store:
            if name == "later":
                with store._database.writing() as connection:
                    connection.execute(schema.SCHEMA.update().values(version=99))
    assert run([each.format(tmp=tmp_path) for each in arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"fsm: {problem.format(tmp=tmp_path)}")
    assert is_one_line(said.rstrip("\n"))
    assert not (tmp_path / "none.db").exists()
