"""State in an object of the host's own: read as a word, set by what is allowed, and by nothing else."""

from dataclasses import dataclass

import pytest

from fsm import MIMI, DefinitionError, Room
from fsm.counters import Counters
from tests.builders import ALICE, BAN, BOB, CAROL, JOIN, change, is_one_line, join_rule, joined, message, room


@dataclass
class Row:
    state: str


def test_every_cell_moves_a_model_as_it_is_decided() -> None:
    for action, facts in [*MIMI.cells()][::7]:
        row = Row(facts.target.value)
        given = {name: getattr(facts, name) for name in MIMI.domain.values if name != "target"}
        decision = MIMI.move(row, action, given)
        assert decision == MIMI.decide(action, facts)
        assert type(row.state) is str
        assert row.state == (decision.after if decision else facts.target)


def test_who_acts_on_themselves_stands_where_they_do() -> None:
    row = Row("invite")
    assert MIMI.move(row, "join", {"is_self": "true"}).transition == "accept"
    assert row.state == "join"


# fmt: off
WRONG: list[tuple[str, str, dict[str, object], str]] = [
    ("dancing", "join",  {"is_self": True},                    "`dancing` is no value of `target`"),
    ("",        "join",  {"is_self": True},                    "`` is no value of `target`"),
    ("join",    "dance", {"is_self": True},                    "has no action `dance`"),
    ("join",    "leave", {"may_fly": True},                    "unknown fact `may_fly`"),
    ("join",    "leave", {"is_self": "perhaps"},               "`perhaps` is no value of `is_self`"),
]
# fmt: on


@pytest.mark.parametrize(("state", "action", "facts", "problem"), WRONG)
def test_what_is_no_word_is_refused_and_nothing_moves(
    state: str, action: str, facts: dict[str, object], problem: str
) -> None:
    row = Row(state)
    with pytest.raises(DefinitionError) as caught:
        MIMI.move(row, action, facts)
    assert problem in str(caught.value)
    assert is_one_line(str(caught.value))
    assert row.state == state


def test_answers_are_counted() -> None:
    counters, tea = Counters(), room(*joined(BOB))
    end = counters.watch(tea)
    tea.send(change(BAN, BOB, ALICE))
    tea.send({**change(BAN, ALICE, BOB), "event_id": "$1"})
    tea.send({**change(BAN, ALICE, BOB), "event_id": "$1"})
    tea.decide(change(JOIN, BOB))
    tea.send(change(JOIN, BOB))
    tea.send(join_rule("public"))
    tea.send(message(ALICE))
    tea.take(change(JOIN, CAROL))
    end()
    tea.send(change(JOIN, BOB))
    assert counters.as_json() == {
        "decisions": {"allowed": 2, "guard_failed": 1, "no_row": 1, "not_judged": 1},
        "changes": {"ban": 1, "taken": 1},
        "refusals": {"sender_may_ban": 1, "sender_outranks_for_ban": 1},
    }
    counters.watch(Room("!x:y"))
