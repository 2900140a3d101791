"""The fewest conditions: exact on any set of cells, and as few as trying everything finds."""

from itertools import combinations, product
from random import Random

import pytest

from fsm import MIMI
from fsm.facts import Value
from fsm.participation.terms import JoinRule
from fsm.review.cases.conditions import Condition, Table, Words, fewest
from fsm.review.cases.grid import Cells, Grid, cells_of, numbers

GRID = Grid(MIMI.domain.records)
TABLE = Table({name: [getattr(facts, name) for facts in GRID.records] for name in MIMI.domain.values})
WORDS = Words(TABLE, [(guard, GRID.where(guard)) for guard in MIMI.guards])


def of(**wanted: Value | str | tuple[Value | str, ...]) -> Cells:
    """The cells in which each fact has one of these values."""
    choices = {name: values if isinstance(values, tuple) else (values,) for name, values in wanted.items()}
    return cells_of(all(getattr(facts, name) in values for name, values in choices.items()) for facts in GRID.records)


def union(conditions: tuple[Condition, ...]) -> Cells:
    cells = 0
    for condition in conditions:
        cells |= condition.cells
    return cells


# fmt: off
SAID = [
    (of(may_ban=True),                                         ["the sender may ban"]),
    (of(join_rule=("invite", "knock")),                        ["the room is not public"]),
    (of(join_rule=("invite", "public")),                       ["the room takes no knocks"]),
    (of(target="ban"),                                         ["target = ban"]),
    (of(target=("invite", "join", "leave", "knock")),          ["target ≠ ban"]),
    (of(target=("invite", "join", "leave")),                   ["target = invite, join or leave"]),
    (of(sender="join", may_kick=True, outranks_for_kick=False), ["the sender is joined, may kick, and does not outrank the target for kicking"]),
    (of(is_self=True, target="join"),                          ["target = join and the sender is the target"]),
    (of(is_self=True, target="invite", sender="invite"),       ["target = invite and the sender is the target"]),
    (of(is_self=False),                                        ["the sender is not the target"]),
    (of(may_ban=True) | of(may_kick=True),                     ["the sender may ban", "the sender may kick"]),
    (GRID.every,                                               ["always"]),
]
# fmt: on


@pytest.mark.parametrize(("cells", "words"), SAID, ids=[words[0] for _, words in SAID])
def test_a_condition_in_words(cells: Cells, words: list[str]) -> None:
    found = fewest(TABLE, cells, WORDS)
    assert sorted(condition.words for condition in found) == words
    assert union(found) == cells


def a_few_boxes(random: Random) -> Cells:
    cells = 0
    for _ in range(random.randint(1, 5)):
        box = GRID.every
        for name in random.sample(TABLE.names, random.randint(1, 5)):
            values = TABLE.values(name)
            box &= TABLE.having(name, random.sample(values, random.randint(1, max(1, len(values) - 1))))
        cells |= box
    return cells


@pytest.mark.parametrize("seed", range(30))
def test_conditions_hold_for_the_cells_and_no_other(seed: int) -> None:
    cells = a_few_boxes(Random(seed))  # noqa: S311 - the same every time is what we want
    found = fewest(TABLE, cells, WORDS)
    assert union(found) == cells
    for condition in found:
        spelled_out = cells_of(
            all(getattr(facts, name) in values for name, values in condition.values.items()) for facts in GRID.records
        )
        assert spelled_out == condition.cells


def test_an_irregular_set_is_still_held_exactly() -> None:
    random = Random(1)  # noqa: S311
    cells = cells_of(random.random() < 0.02 for _ in GRID.records)
    assert union(fewest(TABLE, cells, WORDS)) == cells


# A small table with an impossible combination, in which everything can be tried.
SMALL_FACTS = [
    row for row in product(tuple(JoinRule)[:3], (False, True), (False, True)) if row != (JoinRule.INVITE, True, True)
]
SMALL = Table({name: [row[place] for row in SMALL_FACTS] for place, name in enumerate(("rule", "one", "other"))})
SMALL_WORDS = Words(SMALL, ())


def smallest_cover(cells: Cells) -> int:
    """How many boxes it takes, found by trying all."""
    literals = [
        [(name, frozenset(some)) for count in range(1, len(SMALL.values(name)) + 1) for some in combinations(SMALL.values(name), count)]
        for name in SMALL.names
    ]  # fmt: skip
    boxes = {SMALL.holding(choice) for choice in product(*literals)}
    boxes = {box for box in boxes if box and not box & ~cells}
    for count in range(1, 8):
        for chosen in combinations(boxes, count):
            held = 0
            for box in chosen:
                held |= box
            if held == cells:
                return count
    raise AssertionError


@pytest.mark.parametrize("cells", [cells for cells in range(1, 2 ** len(SMALL_FACTS)) if cells % 97 == 0])
def test_there_are_no_fewer_conditions(cells: Cells) -> None:
    found = fewest(SMALL, cells, SMALL_WORDS)
    assert union(found) == cells
    assert len(found) == smallest_cover(cells)


def test_sets_of_cells() -> None:
    assert list(numbers(0b1011)) == [0, 1, 3]
    assert cells_of([True, True, False, True]) == 0b1011
    assert cells_of([]) == 0
