"""Random policies: the machine, the table and all that is derived from it say the same of every cell."""

import re
from itertools import islice
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygraphviz import AGraph

from fsm import Policy, Transition
from fsm.bulk.decide.book import Book
from fsm.memory import Memory
from fsm.render import FORMATS, Detail, extract, render
from fsm.render.explorer.table import UNASKED, tabulate
from fsm.review.cases.cells import Cells
from fsm.review.cases.grid import Grid, numbers
from fsm.review.compare.diff import diff
from fsm.review.coverage.seen import coverage
from fsm.review.laws.verify import verify
from fsm.review.vectors.cover import Grids, cover
from fsm.review.vectors.slips import mutants
from tests.families import permuted, policies
from tests.test_residual import holds, less

few = settings(derandomize=True, max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


MOST_CELLS = 1_000
"""Of policies with many states, so many cells of an action are looked at."""


class Rows(NamedTuple):
    """What `answer` reads of a policy."""

    transitions: tuple[Transition[Any], ...]


def answer(policy: Policy[Any] | Rows, action: str, facts: Any) -> tuple[bool, str | None, Any]:
    """What the table says, read row by row."""
    for row in policy.transitions:
        if row.trigger == action and facts.target in row.source and all(guard(facts) for guard in row.guards):
            return True, row.id, row.leads_to(facts)
    return False, None, facts.target


def code_of(policy: Policy[Any], facts: Any) -> int:
    return sum(weights[getattr(facts, name)] for name, weights in policy.domain.weights.items())


@few
@given(policies(most=3))
def test_machine_memory_cells_and_grid_agree_with_the_table(policy: Policy[Any]) -> None:
    memory: Memory[Any] = Memory(policy)
    for action in policy.triggers:
        records = list(policy.asked(action))
        grid: Grid[Any] = Grid(records)
        moves = {
            number: (True, move.transition, move.dest)
            for move, cells in grid.moves(policy.transitions, action).items()
            for number in numbers(cells)
        }
        for number, facts in enumerate(records):
            expected = answer(policy, action, facts)
            decision = memory[action, facts.target, facts.sender, code_of(policy, facts)]
            assert (decision.allowed, decision.transition, decision.after) == expected
            assert moves.get(number, (False, None, facts.target)) == expected
    cells = Cells(policy)
    for cell in cells.walk():
        decision = cell.decision
        assert (decision.allowed, decision.transition, decision.after) == answer(policy, cell.action, cell.facts)
    assert sum(cell.count for cell in cells.walk()) == cells.size


@few
@given(policies(most=4))
def test_what_is_walked_stands_for_all(policy: Policy[Any]) -> None:
    for action in policy.triggers:
        reads = sorted(policy.reads(action))
        told = {tuple(getattr(facts, name) for name in reads): (facts, count) for facts, count in policy.walk(action)}
        seen = dict.fromkeys(told, 0)
        for facts in policy.asked(action):
            key = tuple(getattr(facts, name) for name in reads)
            seen[key] += 1
            allowed, row, _ = answer(policy, action, facts)
            assert answer(policy, action, told[key][0])[:2] == (allowed, row)
        assert seen == {key: count for key, (_, count) in told.items()}


@few
@given(policies(most=3))
def test_the_page_looks_up_what_the_table_says(policy: Policy[Any]) -> None:
    table = tabulate(policy)
    for action in policy.triggers:
        for facts in policy.asked(action):
            node = table.actions[action]
            while node < 0:
                level, *branches = table.nodes[-node - 1]
                name = table.facts[level]
                node = branches[policy.domain.values[name].index(getattr(facts, name))]
            assert node != UNASKED
            decision = table.decisions[node - 1]
            assert (decision.allowed, decision.transition) == answer(policy, action, facts)[:2]


def test_bulk_numbers_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether changes are look-ups is for a family to say, by its columns: here, they are.
    monkeypatch.setattr("fsm.bulk.decide.book.looks_up", lambda _: True)

    @few
    @given(policies(most=3))
    def check(policy: Policy[Any]) -> None:
        book = Book(policy)
        for action in policy.triggers:
            for facts in policy.asked(action):
                states = [policy.states.index(state) for state in (facts.target, facts.sender)]
                cell = book.cell(book.actions[action.value], code_of(policy, facts), *states)
                book.ask(cell)
                number = int(book.cells[cell])
                decision, after = book.decisions[number], policy.states[int(book.after[number])]
                assert (decision.allowed, decision.transition, after) == answer(policy, action, facts)

    check()


@few
@given(policies(most=2), policies(most=2))
def test_comparing_counts_every_difference(old: Policy[Any], new: Policy[Any]) -> None:
    assert not diff(old, old)
    other = new.evolve("other")
    shared = [
        (action, facts)
        for action in dict.fromkeys((*old.triggers, *other.triggers))
        for facts in old.asked(action)
        if str(facts.target) in map(str, new.states)
        if set(map(str, (facts.target, facts.sender, facts.wanted))) <= set(map(str, new.states))
        and facts in set(other.asked(action))
    ]
    if not shared or type(old.states[0].value) is not type(new.states[0].value):
        return
    found = diff(old, other)
    assert found.compared == len(shared)
    assert found.differing == sum(answer(old, *cell) != answer(other, *cell) for cell in shared)


@few
@given(policies(most=3), st.data())
def test_no_order_changes_a_verdict_or_a_finding(policy: Policy[Any], data: st.DataObject) -> None:
    other = data.draw(st.composite(permuted)(policy))

    def found(each: Policy[Any]) -> set[tuple[str, frozenset[str], int | None]]:
        return {(f.law, frozenset(re.split(" and | from |, ", f.subject)), f.cells) for f in verify(each).findings}

    assert found(policy) == found(other)
    for action, facts in policy.cells():
        one, two = policy.decide(action, facts), other.decide(action, facts)
        assert (one.allowed, one.after) == (two.allowed, two.after)


@few
@given(policies(most=12, least=6, rows=15))
def test_many_states_and_rows_are_decided_as_the_table_says(policy: Policy[Any]) -> None:
    memory: Memory[Any] = Memory(policy)
    for action in policy.triggers:
        for facts, _ in islice(policy.walk(action), MOST_CELLS):
            decision = memory.decide(action, facts)
            assert (decision.allowed, decision.transition, decision.after) == answer(policy, action, facts)


@few
@given(policies(most=3), st.data())
def test_what_is_left_to_know_is_exact_and_needs_all_of_its_parts(policy: Policy[Any], data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from([*policy.domain.values])))
    known = {name: data.draw(st.sampled_from(policy.domain.values[name])) for name in sorted(names)}
    for action in policy.triggers:
        condition = policy.residual(action, **known)
        cells = [f for f in policy.asked(action) if all(getattr(f, name) == value for name, value in known.items())]
        allowed = [answer(policy, action, facts)[0] for facts in cells]
        assert [holds(condition.terms, facts) for facts in cells] == allowed
        for other in less(condition):
            assert [holds(other, facts) for facts in cells] != allowed


def test_the_questions_of_vectors_tell_a_policy_from_every_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether a room can come to a cell is its family's matter: here, to all of them.
    monkeypatch.setattr("fsm.review.vectors.cover.witness", lambda *_: ())

    @few
    @given(policies(most=2, rows=4))
    def check(policy: Policy[Any]) -> None:
        board = Grids(policy)
        asked = [(question.action, board.facts(question)) for question in cover(policy).questions]
        for mutant in mutants(policy, board.actions):
            other = Rows(mutant.rows)
            differs = any(
                answer(policy, action, facts) != answer(other, action, facts)
                for action in mutant.actions
                for facts in policy.asked(action)
            )
            caught = any(answer(policy, *cell) != answer(other, *cell) for cell in asked)
            assert differs == caught, mutant.words

    check()


@few
@given(policies(most=3))
def test_rows_that_permit_the_same_are_found_unless_the_first_is_to_decide(policy: Policy[Any]) -> None:
    overlapping = {
        " and ".join(f"`{row.id}`" for row in rows)
        for action, facts in policy.cells()
        for rows in [[row for row in policy.candidates(action, facts.target) if row.permits(facts)]]
        if len(rows) > 1
    }
    found = {finding.subject for finding in verify(policy).findings if finding.law == "one-row-per-cell"}
    assert found == (set() if policy.precedence else overlapping)


@few
@given(policies(most=3))
def test_all_questions_together_cover_all_there_is_to_see(policy: Policy[Any]) -> None:
    assert coverage(policy, policy.cells()).percent == 100


def check_lines(text: str, count: int) -> None:
    """That all states are declared once, and that every arrow and every line of a state names those that are."""
    declared = re.findall(r'^ *state ".*" as (\w+)', text, re.MULTILINE)
    assert len(declared) == len(set(declared)) <= count
    named = re.findall(r"^ *(\w+|\[\*\]) -.*-?> (\w+)", text, re.MULTILINE) + [
        (name, name) for name in re.findall(r"^ *(\w+) : ", text, re.MULTILINE)
    ]
    assert {name for pair in named for name in pair} <= {*declared, "[*]"}


TEXTS = sorted(set(FORMATS) - {"png", "pdf"})


@settings(derandomize=True, max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies(most=12))
def test_pictures_are_well_formed_and_show_every_possible_step(policy: Policy[Any]) -> None:
    diagram = extract(policy)
    steps = {
        (row.id, facts.target, row.leads_to(facts))
        for action in policy.triggers
        for facts in policy.asked(action)
        for row in policy.candidates(action, facts.target)
        if row.permits(facts)
    }
    shown = {(edge.transition, diagram.names[edge.source], diagram.names[edge.dest]) for edge in diagram.edges}
    assert {(row, policy.labels[source], policy.labels[dest]) for row, source, dest in steps} == shown
    for fmt in TEXTS:
        drawn = render(diagram, fmt, Detail.GUARDS)
        assert drawn
        if fmt in ("svg", "scxml", "rfc"):
            ET.fromstring(drawn)  # noqa: S314 - what we have just drawn
        if fmt == "dot":
            drawn_by = {tuple(each) for each in AGraph(string=drawn.decode()).edges() if "(start)" not in each}
            assert drawn_by <= {(edge.source, edge.dest) for edge in diagram.edges}
        if fmt in ("mermaid", "plantuml"):
            check_lines(drawn.decode(), len(policy.states))
