"""The catalogue, and one walk through every cell of every policy in it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import transitions

from fsm import MIMI, DefinitionError, Policy
from fsm.decision import Code
from fsm.guards import Guard
from fsm.kinds import meant
from fsm.memory import Memory, memory_of
from fsm.policies import CATALOGUE, load_policy, new_room, room_from_state
from tests.builders import MEMBERSHIP, create, is_one_line, one_line

POLICIES: list[Policy[Any]] = [load_policy(name) for name in CATALOGUE]


def table(policy: Policy[Any]) -> object:
    """What decides every cell. Policies that differ in titles and clauses only have the same."""
    rows = tuple((row.id, row.trigger, row.source, row.dest, row.guards) for row in policy.transitions)
    return policy.domain, str(policy.carries), rows


TABLES: list[Policy[Any]] = list(
    {table(policy): policy for policy in reversed(POLICIES) if policy.id in MEMBERSHIP}.values()
)[::-1]
"""The policies whose cells are walked: the first of each table."""


@pytest.fixture(scope="module", params=POLICIES, ids=lambda policy: str(policy.id))
def policy(request: pytest.FixtureRequest) -> Policy[Any]:
    chosen: Policy[Any] = request.param
    return chosen


MIDDLE = {f"matrix-{version}" for version in range(2, 12)}
"""Of the versions of Matrix, the first and the last stand for all in `make check`."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(table, marks=[pytest.mark.long] * (table.id in MIDDLE)) for table in TABLES],
    ids=lambda policy: str(policy.id),
)
def walked(request: pytest.FixtureRequest) -> Policy[Any]:
    chosen: Policy[Any] = request.param
    return chosen


class Walker:
    """A model of a stock machine, standing in one cell."""

    facts: Any = None
    fired: list[str]
    state: Any
    trigger: Callable[[str], bool]


def stock_machine(policy: Policy[Any], walker: Walker) -> transitions.Machine:
    """The policy as a plain machine of the library, built without any code of ours."""

    def asks(guard: Guard[Any]) -> Callable[[], bool]:
        return lambda: guard.test(walker.facts)

    def notes(row: str) -> Callable[[], None]:
        return lambda: walker.fired.append(row)

    machine = transitions.Machine(
        model=walker,
        states=[str(state) for state in policy.states],
        initial=str(policy.states[0]),
        auto_transitions=False,
    )
    for row in policy.transitions:
        machine.add_transition(
            str(row.trigger),
            [*map(str, row.source)],
            str(row.dest),
            conditions=[asks(guard) for guard in row.guards],
            after=notes(row.id),
        )
    return machine


def ask_stock(machine: transitions.Machine, walker: Walker, action: str, facts: Any) -> tuple[str | None, str]:
    """Which row a stock machine takes, and where it then stands."""
    walker.facts, walker.fired = facts, []
    machine.set_state(str(facts.target))
    try:
        moved = walker.trigger(action)
    except transitions.MachineError:  # its way to say that no row leads from here
        moved = False
    assert moved is bool(walker.fired)
    return (walker.fired[0] if walker.fired else None), str(walker.state)


def number_of(policy: Policy[Any], facts: Any) -> int:
    return sum(weights[getattr(facts, fact)] for fact, weights in policy.domain.weights.items())


def test_stock_machine_memory_and_table_agree_on_every_cell(walked: Policy[Any]) -> None:
    policy = walked
    walker = Walker()
    machine = stock_machine(policy, walker)
    memory: Memory[Any] = Memory(policy)
    for action, facts in policy.cells():
        rows = policy.candidates(str(action), facts.target)
        permitting = [row for row in rows if row.permits(facts)]
        assert len(permitting) <= 1, f"{action} with {facts} is permitted by {permitting}"
        row, after = (permitting[0].id, permitting[0].dest) if permitting else (None, facts.target)

        assert ask_stock(machine, walker, str(action), facts) == (row, str(after))
        decision = memory[str(action), facts.target, facts.sender, number_of(policy, facts)]
        assert (decision.transition, decision.before, decision.after) == (row, facts.target, after)
        assert decision.allowed is bool(decision) is (row is not None)


def test_a_refusal_explains_itself_on_every_cell(walked: Policy[Any]) -> None:
    policy = walked
    memory = memory_of(policy)
    for action, facts in policy.cells():
        decision = memory[str(action), facts.target, facts.sender, number_of(policy, facts)]
        if decision:
            [row] = [row for row in policy.transitions if row.id == decision.transition]
            assert (decision.refusals, decision.reason, decision.code) == ((), "", Code.ALLOWED)
            assert (decision.clause, decision.guards) == (row.clause, tuple(guard.name for guard in row.guards))
            continue
        assert (decision.before, decision.after) == (facts.target, facts.target)
        assert is_one_line(decision.reason)
        rows = policy.candidates(str(action), facts.target)
        assert [(refusal.transition, refusal.clause) for refusal in decision.refusals] == [
            (row.id, row.clause) for row in rows
        ]
        for row, refusal in zip(rows, decision.refusals, strict=True):
            assert refusal.failed
            assert refusal.failed == tuple(guard.name for guard in row.guards if guard(facts) is False)
        about = decision.reason.split(":")[0]
        if about == "no transition":
            assert f"`{action}` is not possible while the target is in `{facts.target}`" in decision.reason
            assert meant(policy, action, facts) == ()
        else:
            assert about in {row.id for row in meant(policy, action, facts)} <= {row.id for row in rows}


def test_a_policy_of_the_catalogue_goes_by_its_name(policy: Policy[Any]) -> None:
    assert load_policy(policy.id) is policy
    assert policy.title.isprintable()
    assert "with changes" not in f"{policy.title} {policy.source}"
    assert policy.source.isprintable()
    assert all(row.clause for row in policy.transitions)


def test_a_room_of_any_policy_can_be_built(policy: Policy[Any]) -> None:
    assert new_room(policy, "!room:x").participations() == {}
    assert new_room(policy).participations() == {}
    assert room_from_state(policy, []).participations() == {}


def test_mimi_is_the_first_policy() -> None:
    assert next(iter(CATALOGUE)) == "mimi"
    assert load_policy("mimi") is MIMI


# Policies of one's own.

OWN = """
from fsm import MIMI
NO_KNOCKS = MIMI.evolve("no-knocks", drop=["knock", "reknock"])
KETTLE = "on"
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def test_a_policy_of_ones_own_is_loaded_from_a_file(own: Path) -> None:
    policy = load_policy(f"{own}:NO_KNOCKS")
    assert policy.id == "no-knocks"
    assert len(policy.transitions) == len(MIMI.transitions) - 2
    assert new_room(policy).send(create())


def test_a_policy_of_ones_own_is_loaded_from_a_module(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(own.parent))
    monkeypatch.delitem(sys.modules, "own", raising=False)
    assert load_policy("own:NO_KNOCKS").id == "no-knocks"
    monkeypatch.delitem(sys.modules, "own")


# fmt: off
UNKNOWN = [
    ("",                     "unknown policy ``: choose from mimi"),
    ("mimi-99",              "unknown policy `mimi-99`: choose from mimi"),
    ("MIMI",                 "unknown policy `MIMI`: choose from mimi"),
    (":MIMI",                "unknown policy `:MIMI`: choose from mimi"),
    ("\n",                   r"unknown policy `\n`: choose from mimi"),
    ("\ud800",               r"unknown policy `\ud800`: choose from mimi"),
    ("x" * 100_000,          "unknown policy `xxx"),
    ("no_such_module:TEA",   "policy `no_such_module:TEA` cannot be loaded: ModuleNotFoundError: "),
    ("fsm.participation.terms:TEA",        "policy `fsm.participation.terms:TEA` cannot be loaded: AttributeError: "),
    ("fsm.participation.terms:JoinRule",   "`fsm.participation.terms:JoinRule` is not a policy but "),
    ("fsm.participation.terms:",           "policy `fsm.participation.terms:` cannot be loaded: AttributeError: "),
    (".:TEA",                "policy `.:TEA` cannot be loaded: "),
    ("no_such_file.py:TEA",  "policy `no_such_file.py:TEA` cannot be loaded: FileNotFoundError: "),
]
# fmt: on


@pytest.mark.parametrize(("name", "message"), UNKNOWN, ids=lambda text: ascii(text[:20]))
def test_an_unknown_policy_is_one_line(name: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=one_line(message)) as caught:
        load_policy(name)
    assert str(caught.value).isprintable()


# fmt: off
BROKEN = [
    ("def",                                       "SyntaxError: "),
    ("raise ValueError('no\\nkettle')",           "ValueError: no kettle"),
    ("import no_such_module",                     "ModuleNotFoundError: "),
    ("1 / 0",                                     "ZeroDivisionError: "),
    ("raise SystemExit(0)",                       "SystemExit: 0"),
    ("\x00",                                      ""),
    ("TEA = 1",                                   "is not a policy but int"),
    ("",                                          "AttributeError: "),
    ("from fsm import MIMI; TEA = MIMI.evolve('tea', drop=['publik'])", "policy `tea` drops unknown transition `publik`"),
]
# fmt: on


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_policy_file_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "tea.py"
    path.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        load_policy(f"{path}:TEA")
    assert message in str(caught.value)
    assert is_one_line(str(caught.value))


def test_a_folder_or_a_text_is_no_policy_file(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "tea.txt").write_text(OWN)
    for name in ("folder.py", "tea.txt"):
        with pytest.raises(DefinitionError) as caught:
            load_policy(f"{tmp_path / name}:NO_KNOCKS")
        assert is_one_line(str(caught.value))
