"""A rule permits if all of its guards hold; what is no rule is refused where it is made."""

import copy
import pickle
from functools import partial
from typing import Any

import pytest

from fsm import MIMI, DefinitionError, Guard, Refusal, Transition
from fsm.decision import judge
from fsm.mimi.policies import PERMITS
from fsm.mimi.visibility import VIEWS
from fsm.participation.guards import sender_is_joined, sender_is_target
from fsm.rule import Rule
from tests.builders import LEAVE, facts, one_line

RULE = Rule("speak", (sender_is_joined, sender_is_target), "4.3")

# fmt: off
CASES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"is_self": True},                    ()),
    ({"is_self": False},                   ("sender_is_target",)),
    ({"sender": LEAVE},                    ("sender_is_joined", "sender_is_target")),
    ({"sender": LEAVE, "target": LEAVE, "is_self": True}, ("sender_is_joined",)),
]
FAULTS: list[tuple[str, Any, str]] = [
    ("",      (),                 "rule `` needs an id"),
    ("speak", [sender_is_joined], "rule `speak`: its guards must be a tuple"),
    ("speak", sender_is_joined,   "rule `speak`: its guards must be a tuple"),
    ("speak", ("joined",),        "rule `speak`: 'joined' is not a guard"),
    ("speak", (Guard(partial(bool), "yes", "no"),), "rule `speak`: functools.partial(<class 'bool'>) is not a guard"),
]
# fmt: on


@pytest.mark.parametrize(("given", "failed"), CASES)
def test_a_rule_permits_if_all_guards_hold(given: dict[str, Any], failed: tuple[str, ...]) -> None:
    asked = facts(**given)
    assert RULE.permits(asked) is (not failed)
    assert tuple(guard.name for guard in RULE.failing(asked)) == failed
    decision = judge([RULE], asked)
    assert decision.allowed is (not failed)
    assert decision.refusals == (() if not failed else (Refusal("speak", failed, "4.3"),))


@pytest.mark.parametrize(("rule_id", "guards", "message"), FAULTS)
def test_what_is_no_rule_is_refused_in_one_line(rule_id: str, guards: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=one_line(message)):
        Rule(rule_id, guards, "4.3")


def test_a_rule_is_the_same_in_another_section_and_a_row_is_not() -> None:
    assert Rule("speak", RULE.guards, "9") == RULE != Rule("speak", RULE.guards[:1], "4.3")
    row = MIMI.transitions[0]
    moved = Transition(row.id, row.trigger, row.source, row.dest, row.guards, "9")
    assert moved != row
    assert moved != Rule(row.id, row.guards, row.clause) != row


@pytest.mark.parametrize("rule", [*VIEWS, *PERMITS.values(), MIMI.transitions[0]])
def test_rules_and_rows_can_travel(rule: Any) -> None:
    assert pickle.loads(pickle.dumps(rule)) == copy.deepcopy(rule) == rule  # noqa: S301 - our own bytes
