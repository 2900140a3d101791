"""The page of what changed along a row of policies: every verdict change, and nothing else."""

from fsm.matrix.policies import MATRIX_5, MATRIX_6, MATRIX_9, MATRIX_10, MATRIX_11, MATRIX_12
from fsm.policies import new_room
from fsm.review.changes import Step, steps, to_markdown


def decided(policy: object, step: Step) -> list[str | None]:
    """What a policy says to the questions of a step's turns."""
    return [played(policy, turn.reading.log) for turn in step.turns]


def played(policy: object, log: tuple[dict[str, object], ...]) -> str | None:
    room = new_room(policy)  # type: ignore[arg-type]
    assert all(room.send(event) for event in log[:-1])
    return room.decide(log[-1]).transition


def test_what_the_table_does_not_show_is_shown_by_rooms() -> None:
    creator, reign = steps((MATRIX_10, MATRIX_11, MATRIX_12))
    assert (creator.found.differing, creator.others) == (0, ("`founder` (content → sender)",))
    assert [(turn.action, turn.reading.fact) for turn in creator.turns] == [("join", "warrant")] * 2
    assert [(turn.action, turn.reading.fact, turn.reading.new) for turn in reign.turns] == [
        ("invite", "may_invite", True),
        ("leave", "may_kick", True),
        ("ban", "may_ban", True),
        ("leave", "outranks_for_kick", True),
        ("ban", "outranks_for_ban", True),
        ("leave", "outranks_for_kick", False),
        ("ban", "outranks_for_ban", False),
    ]
    for step, old, new in ((creator, MATRIX_10, MATRIX_11), (reign, MATRIX_11, MATRIX_12)):
        for turn, before, after in zip(step.turns, decided(old, step), decided(new, step), strict=True):
            assert (before is None) is not (after is None), turn
            assert [*turn.old.transitions, *turn.new.transitions] == [before or after]


def test_no_change_of_a_verdict_is_no_section() -> None:
    (canonical,) = steps((MATRIX_5, MATRIX_6))
    assert not canonical
    assert to_markdown("# Title\n", [canonical], {}).splitlines() == [
        "# Title",
        "",
        "| from | to | decided otherwise | beside the table |",
        "| --- | --- | --- | --- |",
        "| `matrix-5` | `matrix-6` | nothing | `numbers` (floats → strings) |",
    ]


def test_a_change_is_said_in_words_with_a_picture_and_a_room() -> None:
    changes = steps((MATRIX_9, MATRIX_10))
    page = to_markdown("# Title\n", changes, {("matrix-9", "matrix-10"): "both.svg"})
    assert (
        "## From `matrix-9` to `matrix-10`\n\n![What only matrix-9 has, and what only matrix-10 has](both.svg)\n"
        in page
    )
    assert "- `knock`: rejected → **allowed (knock or reknock, to knock)** when target = leave or knock" in page
    assert page.count("<details>") == page.count("</details>") == page.count("```json") == len(changes[0].found.groups)
