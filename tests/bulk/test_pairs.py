"""Pairs get numbers, once and for all, whatever finds them."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.bulk.pairs import Enter, Pairs, enter
from fsm.bulk.words import MISSING
from tests.bulk.histories import LOOPS

PAIRS = st.tuples(st.integers(0, 40), st.integers(0, 40) | st.just(2**32 - 1))


def enters(*, compiled: bool) -> Enter:
    if not compiled:
        return enter
    from fsm.bulk import compiled as loops  # noqa: PLC0415 - numba may not be installed

    return loops.enter


def numbers(pairs: Pairs, wanted: Sequence[tuple[int, int]]) -> list[int]:
    rooms, users = np.array(wanted, np.uint32).reshape(-1, 2).T
    found: list[int] = pairs.numbers(rooms, users).tolist()
    return found


@pytest.mark.parametrize("compiled", LOOPS)
@given(batches=st.lists(st.lists(PAIRS, max_size=50), max_size=5))
def test_numbers_run_in_the_order_of_first_mention(compiled: bool, batches: list[list[tuple[int, int]]]) -> None:
    pairs, known = Pairs(enters(compiled=compiled)), dict[tuple[int, int], int]()
    for batch in batches:
        expected = [known.setdefault(pair, len(known)) for pair in batch]
        assert numbers(pairs, batch) == expected
    assert len(pairs) == len(known)
    assert list(zip(*(part.tolist() for part in pairs.parts()), strict=True)) == list(known)
    for pair, number in known.items():
        assert pairs.find(*pair) == number
    assert pairs.find(41, 41) == MISSING


@pytest.mark.parametrize("compiled", LOOPS)
def test_numbers_stay_when_the_table_grows(compiled: bool) -> None:
    random = np.random.default_rng(1)
    rooms, users = random.integers(0, 300, (2, 200_000), dtype=np.uint32)
    pairs = Pairs(enters(compiled=compiled))
    found = np.concatenate([pairs.numbers(rooms[start : start + 999], users[start : start + 999])
                            for start in range(0, 200_000, 999)])  # fmt: skip
    first: dict[tuple[int, int], int] = {}
    expected = [first.setdefault(pair, len(first)) for pair in zip(rooms.tolist(), users.tolist(), strict=True)]
    assert found.tolist() == expected
    assert pairs.numbers(rooms, users).tolist() == expected
