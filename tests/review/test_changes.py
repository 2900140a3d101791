"""The page of what changed along a row of policies: every verdict change, and nothing else."""

import pytest

from fsm.matrix.policies import (
    MATRIX_1,
    MATRIX_3,
    MATRIX_4,
    MATRIX_5,
    MATRIX_6,
    MATRIX_9,
    MATRIX_10,
    MATRIX_11,
    MATRIX_12,
)
from fsm.policies import new_room
from fsm.review.compare.beside import RuleChange, rule_changes
from fsm.review.compare.changes import Step, steps, to_markdown


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
    (ids,) = steps((MATRIX_3, MATRIX_4))
    assert not ids
    assert to_markdown("# Title\n", [ids], {}).splitlines() == [
        "# Title",
        "",
        "| from | to | decided otherwise | beside the table |",
        "| --- | --- | --- | --- |",
        "| `matrix-3` | `matrix-4` | nothing |  |",
    ]


def test_what_rules_on_other_events_ask_otherwise_is_said_rule_by_rule() -> None:
    aliases, supreme = steps((MATRIX_5, MATRIX_6))[0], steps((MATRIX_11, MATRIX_12))[0]
    assert [(each.kind, each.rule, *each.changes) for each in aliases.found.rules] == [
        ("aliases", "aliases", "is gone"),
        (
            "levels",
            "levels",
            "asks that no level altered in `notifications` is above the sender",
            "asks that no level in `notifications` would be above the sender",
        ),
    ]
    assert [(each.kind, each.rule, *each.changes) for each in supreme.found.rules] == [
        (
            "create",
            "create",
            "asks that the creation names no room",
            "asks that the additional creators are users",
            "no longer asks that the room is of the sender's server",
        ),
        ("levels", "first_levels", "asks that no creator is in `users`"),
        ("levels", "levels", "asks that no creator is in `users`"),
    ]
    page = to_markdown("# Title\n", [supreme], {})
    assert "- On `levels` events, `first_levels` asks that no creator is in `users`.\n" in page
    assert "7 facts of the same room and 3 other rules" in page


def test_rules_differ_wherever_a_guard_comes_or_goes() -> None:
    """For every guard of every rule of two versions: without it, the rule is told to ask for less."""
    for policy in (MATRIX_1, MATRIX_12):
        for kind, rows in policy.permits.items():
            for row, guard in [(each, guard) for each in rows for guard in each.guards]:
                less = tuple(each.asking({}, {guard}) if each is row else each for each in rows)
                other = policy.evolve("other", permits={**policy.permits, kind: less})
                (change,) = rule_changes(policy, other)
                assert change == RuleChange(kind, row.id, (f"no longer asks that {guard.holds}",))
                (back,) = rule_changes(other, policy)
                assert back == RuleChange(kind, row.id, (f"asks that {guard.holds}",))


@pytest.mark.long
def test_a_change_is_said_in_words_with_a_picture_and_a_room() -> None:
    changes = steps((MATRIX_9, MATRIX_10))
    page = to_markdown("# Title\n", changes, {("matrix-9", "matrix-10"): "both.svg"})
    assert (
        "## From `matrix-9` to `matrix-10`\n\n![What only matrix-9 has, and what only matrix-10 has](both.svg)\n"
        in page
    )
    assert "- `knock`: rejected → **allowed (knock or reknock, to knock)** when target = leave or knock" in page
    assert page.count("<details>") == page.count("</details>") == page.count("```json") == len(changes[0].found.groups)
