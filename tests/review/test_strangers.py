"""What is wrong in a stranger's scenario or laws is one line, whatever it is."""

from dataclasses import replace
from typing import Any

import pytest

from fsm import DefinitionError, Family, Step, room_law
from fsm.family import AnyPolicy
from fsm.policies import family_of, load_policy
from fsm.review.errors import ReviewError
from fsm.review.laws.verify import verify
from fsm.review.search.witness import can_be_played
from tests.builders import is_one_line
from tests.cli.runner import ROOT

MUC: AnyPolicy = load_policy(f"{ROOT}/examples/muc/policies.py:AFFILIATIONS")
FAMILY: Any = family_of(MUC)


class Entry:
    """An entry point by which a package names its family."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def load(self) -> Family:
        """The family."""
        return self._family


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The policy, with a family like its own but for some parts."""
    families: dict[str, list[Entry]] = {}
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group, name: families[name] if group else [])

    def make(**parts: Any) -> AnyPolicy:
        families["own"] = [Entry(replace(FAMILY, **parts))]
        return MUC.evolve("own", family="own")

    return make


def failing(*_: Any) -> Any:
    raise KeyError("one\ntwo")


def _is_early(step: Step) -> bool:
    """Whether this is one of the steps that are tried when a family is loaded."""
    return "outcast" not in step.after.states.values()


@room_law("Nobody counts", source="House rules")
def nobody_counts(step: Step) -> bool:
    return _is_early(step) or failing(step)


@room_law("Nobody knows", source="House rules")
def nobody_knows(step: Step) -> bool:
    return _is_early(step) or None  # type: ignore[return-value]


# fmt: off
WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"laws": (nobody_counts,)},                                    ReviewError,     "law `nobody-counts` fails: KeyError: 'one\\ntwo'"),
    ({"laws": (nobody_knows,)},                                     ReviewError,     "law `nobody-knows` answers None, not true or false"),
    ({"scenario": replace(FAMILY.scenario, view=failing)},          DefinitionError, "family `muc`: the `view` of `scenario` fails: KeyError: 'one\\ntwo'"),
    ({"scenario": replace(FAMILY.scenario, variants=failing)},      DefinitionError, "policy `own`: the `variants` of its scenario fail: KeyError: 'one\\ntwo'"),
    ({"scenario": replace(FAMILY.scenario, variants=lambda *_: 3)}, DefinitionError, "policy `own`: the `variants` of its scenario fail: TypeError: 'int' object is not iterable"),
]
# fmt: on


@pytest.mark.parametrize(("parts", "error", "words"), WRONG)
def test_what_is_wrong_is_one_line(parts: dict[str, Any], error: type[Exception], words: str, named: Any) -> None:
    with pytest.raises(error) as problem:
        verify(named(**parts), rooms=2)
    assert str(problem.value) == words
    assert is_one_line(str(problem.value))


def test_variants_are_asked_for_beside_what_the_syntax_writes(named: Any) -> None:
    asked: list[str] = []

    def variants(action: str, plain: Any) -> Any:
        asked.append(action)
        return [{**event, "event_id": "$odd"} for event in plain[:1]]

    assert can_be_played(named(scenario=replace(FAMILY.scenario, variants=variants)))
    assert asked == [action.value for action in MUC.triggers]
