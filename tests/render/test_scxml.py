"""SCXML, loaded and run by another engine: it decides every case as the policy does."""

from collections.abc import Iterator
from itertools import product
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from statemachine.io import load

from fsm import MIMI
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import Detail, RenderError, compare, extract, render
from tests.builders import one_line
from tests.render.policies import BIG, CATALOGUED, CROWDED, DOOR, HOSTILE

POLICIES = [*CATALOGUED, DOOR, CROWDED, HOSTILE, pytest.param(BIG, marks=pytest.mark.long)]
_SCXML = "{http://www.w3.org/2005/07/scxml}"


def document(policy: AnyPolicy) -> ET.Element:
    return ET.fromstring(render(extract(policy), "scxml"))  # noqa: S314 - our own


def machine(policy: AnyPolicy, state: str) -> Any:
    """The other engine's machine, in one of its states."""
    text = render(extract(policy), "scxml").decode()
    first = document(policy).attrib["initial"]
    return load(text.replace(f'initial="{first}"', f'initial="{state}"', 1), format="scxml")()


def each_case(policy: AnyPolicy) -> Iterator[tuple[str, str, dict[str, bool], str | None]]:
    """State, action, the guards that its rows look at, and the transition that the policy takes."""
    seen = set()
    for action, facts in policy.cells():
        rows = policy.candidates(action, facts.target)
        guards = {guard.name: guard(facts) for row in rows for guard in row.guards}
        key = (facts.target, action, tuple(guards.items()))
        if key not in seen:
            seen.add(key)
            taken = next((row.id for row in rows if row.permits(facts)), None)
            yield facts.target.value, action.value, guards, taken


@pytest.mark.parametrize("policy", [MIMI, load_policy("mimi-01"), DOOR], ids=lambda policy: policy.id)
def test_another_engine_decides_as_the_policy_does(policy: AnyPolicy, capsys: pytest.CaptureFixture[str]) -> None:
    taken_by_id = {row.id: str(row.dest) for row in policy.transitions}
    asked = 0
    machines: dict[str, Any] = {}
    for state, action, guards, taken in each_case(policy):
        engine = machines.pop(state, None) or machine(policy, state)
        for name in [item for item in vars(engine.model) if item != "state"]:
            setattr(engine.model, name, guards.get(name, False))
        capsys.readouterr()
        engine.send(action)
        (after,) = engine.configuration_values
        assert after == (taken_by_id[taken] if taken else state)
        said = capsys.readouterr().out
        assert said == (f"transition: {taken!r}\n" if taken else "")
        machines[after] = engine
        asked += 1
    assert asked >= len(policy.transitions)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.title[:3])
def test_another_engine_loads_it(policy: AnyPolicy) -> None:
    engine = machine(policy, document(policy).attrib["initial"])
    assert len(engine.configuration_values) == 1
    assert len(engine.states) == len(policy.states)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.title[:3])
def test_all_edges_are_there_and_every_name_is_known(policy: AnyPolicy) -> None:
    root, diagram = document(policy), extract(policy)
    states = [state.attrib["id"] for state in root.iter(f"{_SCXML}state")]
    known = [data.attrib["id"] for data in root.iter(f"{_SCXML}data")]
    assert len(set(states)) == len(states) == len(diagram.states)
    assert len(set(known)) == len(known)
    assert all(name.isidentifier() and name.isascii() for name in (*states, *known))
    transitions = list(root.iter(f"{_SCXML}transition"))
    assert len(transitions) == len(diagram.edges)
    for transition, edge in zip(transitions, sorted_edges(policy), strict=True):
        condition = transition.get("cond", "")
        assert len(condition.split(" && ")) == max(1, len(edge))
        assert set(filter(None, condition.split(" && "))) <= set(known)
        assert transition.attrib["target"] in states


def sorted_edges(policy: AnyPolicy) -> list[tuple[str, ...]]:
    """The names of the guards of each edge, state by state."""
    diagram = extract(policy)
    return [
        tuple(guard.name for guard in edge.guards)
        for state, edge in product(diagram.states, diagram.edges)
        if edge.source == state.id
    ]


def test_the_detail_makes_no_difference() -> None:
    assert len({render(extract(MIMI), "scxml", detail) for detail in Detail}) == 1


def test_what_is_given_needs_no_condition() -> None:
    text = render(extract(MIMI, {"is_self": True}), "scxml").decode()
    assert "sender_is_target" not in text
    assert "sender_may_kick" not in text


def test_two_policies_are_no_machine() -> None:
    with pytest.raises(RenderError, match=one_line("`scxml` is one machine, and cannot show two policies")):
        render(compare(MIMI, load_policy("mimi-01")), "scxml")
