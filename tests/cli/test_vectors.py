"""`fsm vectors`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import ROOT, fsm


@pytest.mark.parametrize(
    ("option", "file"),
    [
        ([], "mimi-00.jsonl"),
        (["--cover"], "mimi-00.jsonl"),
        (["--paths"], "mimi-00.paths.jsonl"),
        (["--events"], "mimi-00.events.jsonl"),
    ],
)
def test_vectors_are_written_as_they_are_committed(inside: Inside, option: list[str], file: str) -> None:
    run = inside("vectors", "mimi-00", *option)
    assert run.status == 0
    assert run.out == (ROOT / "vectors" / file).read_text(encoding="utf-8")


def test_what_no_room_can_show_is_said(inside: Inside) -> None:
    assert inside("vectors", "mimi").complaint == (
        "fsm: no room can show that these guards decide alone: "
        "`sender_is_another` of `kick`, `sender_is_another` of `ban`"
    )


def test_what_no_event_can_show_is_said_with_the_reason(inside: Inside) -> None:
    run = inside("vectors", "matrix-12", "--events")
    assert run.status == 0
    assert run.out == (ROOT / "vectors" / "matrix-12.events.jsonl").read_text(encoding="utf-8")
    first, second = run.err.splitlines()
    assert first == (
        "fsm: no event shows that `room_is_created` of `first_levels` decides alone: without a creation there is no "
        "creator, and nobody else reaches the level before there are levels"
    )
    assert second.startswith(
        "fsm: no event shows that `levels_are_altered` of `levels` decides alone: where there are no"
    )


def test_a_vector_for_every_cell(inside: Inside, tmp_path: Path) -> None:
    file, mine = tmp_path / "all.jsonl", tmp_path / "mine.py"
    # Two actions only, to be quick.
    mine.write_text(
        "from fsm import MIMI\n"
        "rows = [row.id for row in MIMI.transitions if row.trigger not in ('join', 'knock')]\n"
        "MINE = MIMI.evolve('mine', drop=rows)\n",
        encoding="utf-8",
    )
    run = inside("vectors", f"{mine}:MINE", "--all", "-o", str(file))
    assert (run.status, run.out, run.err) == (0, "", "")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == len(lines) > 1000


def test_vectors_are_questions_of_fsm_decide() -> None:
    texts = [
        (ROOT / "vectors" / f"{name}.jsonl").read_text(encoding="utf-8") for name in ("mimi-00", "matrix-1.events")
    ]
    lines = [
        json.dumps({**json.loads(line), "policy": policy})
        for policy, text in zip(("mimi-00", "matrix-1"), texts, strict=True)
        for line in text.splitlines()
    ]
    answers = fsm("decide", given="\n".join(lines).encode()).out.splitlines()
    for line, answer in zip(map(json.loads, lines), map(json.loads, answers), strict=True):
        due = line["expected"]
        assert {name: answer[name] for name in due if name != "clause"} == {
            name: due[name] for name in due if name != "clause"
        }


# fmt: off
UNUSABLE = [
    (("nobody",),                                "unknown policy `nobody`"),
    (("mimi", "--all", "--paths"),               "choose one of --all, --cover, --paths and --events"),
    (("room-policy-strict", "--events"),         "policy `room-policy-strict`: there are no cases of events beside its table"),
    (("mimi", "-o", "/no/where/at.jsonl"),       "/no/where/at.jsonl: no such file or directory"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_unusable_input(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("vectors", *arguments)
    assert run.status == 2
    assert run.err.splitlines()[-1].startswith(f"fsm: {problem}")
