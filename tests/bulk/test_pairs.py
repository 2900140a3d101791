"""Pairs get numbers, once and for all, whatever finds them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.bulk.decide import compiled as loops
from fsm.bulk.decide.arrays import Indexes
from fsm.bulk.decide.pairs import NOBODY, PLAIN, Pairs, Search
from tests.bulk.histories import LOOPS

PAIRS = st.tuples(st.integers(0, 40), st.integers(0, 40) | st.just(2**32 - 1))


def search(*, compiled: bool) -> Search:
    if not compiled:
        return PLAIN
    return loops.SEARCH


def numbers(pairs: Pairs, rooms: Indexes, users: Indexes) -> list[int]:
    found = np.empty(len(rooms), np.uint32)
    pairs.enter(rooms, users, np.ones(len(rooms), np.bool_), found)
    return found.tolist()


def looked_for(pairs: Pairs, rooms: Indexes, users: Indexes) -> list[int]:
    found = np.empty(len(rooms), np.uint32)
    pairs.find(rooms, users, np.ones(len(rooms), np.bool_), found)
    return found.tolist()


@pytest.mark.parametrize("compiled", LOOPS)
@given(batches=st.lists(st.lists(PAIRS, max_size=50), max_size=5))
def test_numbers_run_in_the_order_of_first_mention(compiled: bool, batches: list[list[tuple[int, int]]]) -> None:
    pairs, known = Pairs(search(compiled=compiled)), dict[tuple[int, int], int]()
    for batch in batches:
        expected = [known.setdefault(pair, len(known) + 1) for pair in batch]
        assert numbers(pairs, *np.array(batch, np.uint32).reshape(-1, 2).T.copy()) == expected
    assert len(pairs) == len(known) + 1
    assert list(zip(*(part.tolist() for part in pairs.parts()), strict=True))[1:] == list(known)
    for pair, number in known.items():
        assert pairs.find_one(*pair) == pairs.enter_one(*pair) == number
    assert pairs.find_one(41, 41) == NOBODY
    assert pairs.enter_one(41, 41) == pairs.find_one(41, 41) == len(known) + 1


@pytest.mark.parametrize("compiled", LOOPS)
def test_numbers_stay_when_the_table_grows(compiled: bool) -> None:
    random = np.random.default_rng(1)
    rooms, users = random.integers(0, 300, (2, 200_000), dtype=np.uint32)
    pairs = Pairs(search(compiled=compiled))
    found = [
        number
        for start in range(0, len(rooms), 999)
        for number in numbers(pairs, rooms[start : start + 999], users[start : start + 999])
    ]
    first: dict[tuple[int, int], int] = {}
    expected = [first.setdefault(pair, len(first) + 1) for pair in zip(rooms.tolist(), users.tolist(), strict=True)]
    assert found == expected
    assert numbers(pairs, rooms, users) == looked_for(pairs, rooms, users) == expected


@pytest.mark.parametrize("compiled", LOOPS)
def test_one_by_one_is_as_all_at_once(compiled: bool) -> None:
    random = np.random.default_rng(2)
    rooms, users = random.integers(0, 90, (2, 5_000), dtype=np.uint32)
    one_by_one, at_once = Pairs(search(compiled=compiled)), Pairs(search(compiled=compiled))
    added = [one_by_one.enter_one(*pair) for pair in zip(rooms.tolist(), users.tolist(), strict=True)]
    assert added == numbers(at_once, rooms, users)
    assert looked_for(one_by_one, rooms, users) == added


@pytest.mark.parametrize("compiled", LOOPS)
def test_looking_enters_nothing(compiled: bool) -> None:
    pairs, found = Pairs(search(compiled=compiled)), np.full(4, 7, np.uint32)
    pairs.enter_one(1, 5)
    rooms, users = np.array([[1, 1, 2, 1], [5, 6, 5, 5]], np.uint32)
    pairs.find(rooms, users, np.array([1, 1, 1, 0], np.bool_), found)
    assert found.tolist() == [1, NOBODY, NOBODY, 7]
    assert len(pairs) == 2
    assert pairs.find_one(1, 6) == NOBODY


@pytest.mark.parametrize("compiled", LOOPS)
def test_only_what_is_wanted_gets_a_number(compiled: bool) -> None:
    pairs, found = Pairs(search(compiled=compiled)), np.full(6, 7, np.uint32)
    rooms, users = np.array([[1, 1, 2, 1, 2, 1], [5, 6, 5, 5, 9, 6]], np.uint32)
    pairs.enter(rooms, users, np.array([1, 0, 1, 1, 0, 1], np.bool_), found)
    assert found.tolist() == [1, 7, 2, 1, 7, 3]
    assert pairs.find_one(2, 9) == NOBODY
