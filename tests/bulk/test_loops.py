"""The inner loops decide as if rows were decided one after the other, each by its facts."""

from random import Random
from threading import Thread
from typing import Any, cast

import numpy as np
import pytest

from fsm.bulk.decide import compiled, loop
from fsm.bulk.decide.book import Book
from fsm.bulk.decide.people import People
from fsm.bulk.decide.standings import Standings
from fsm.policies import load_policy

STATES, ROOMS, ACTIONS = 3, 4, 2
RANKS = (4, 8)
CODES = 16
"""A rule counts 1, to act on oneself 2, and each rank that is higher what stands in `RANKS`."""

LOOPS = {"plain": loop.advance, "compiled": compiled.advance}


class Made:
    """Rows of pairs that have states and standings at random, and a book that knows a share of all cells."""

    def __init__(self, seed: int, rows: int, pairs: int, *, known: float = 1, asked: bool = False) -> None:
        dice = Random(seed)  # noqa: S311 - no secret
        self.people = People(STATES)
        self.people.reach(pairs)
        self.powers = Standings(len(RANKS))
        standings = [self.powers.number((0, dice.randrange(3), dice.randrange(3))) for _ in range(8)]
        for pair in range(pairs):
            self.people.move(pair, dice.randrange(STATES))
            self.people.stand(pair, dice.choice((0, *standings)))

        def numbers(end: int, kind: Any = np.uint32, start: int = 0) -> Any:
            return np.array([dice.randrange(start, end) for _ in range(rows)], kind)

        self.actions, self.targets = numbers(ACTIONS, np.int8, start=-1), numbers(pairs)
        self.senders = np.where(numbers(2) == 0, self.targets, numbers(pairs))
        self.rooms = np.where(self.actions < 0, np.uint32(2**32 - 1), numbers(ROOMS))
        self.rules = np.array([0, 1, 0, -1 if asked else 1], np.int32)
        self.others = np.array([dice.choice(standings) for _ in range(ROOMS)], np.uint32)
        decisions = [dice.randrange(5) for _ in range(ACTIONS * CODES * (STATES + 1) ** 2)]
        self.book = np.array([each if dice.random() < known else -1 for each in decisions], np.int32)
        self.after = np.array([dice.randrange(STATES) for _ in range(5)], np.uint8)

    def advance(self, advance: Any, start: int, verdicts: Any) -> int:
        """Go on from a row."""
        return int(advance(
            start, len(self.actions), self.actions, self.targets, self.senders, self.rooms, verdicts,
            self.people.array, self.people.bits, self.others, self.rules, self.powers.may, self.powers.ranks,
            np.array(RANKS, np.int32), 2, self.book, CODES, STATES + 1, self.after,
        ))  # fmt: skip

    def one_by_one(self, verdicts: Any) -> int:
        """The same, said in words."""
        for row, action in enumerate(self.actions.tolist()):
            if action < 0:
                continue
            room, target, sender = (int(each[row]) for each in (self.rooms, self.targets, self.senders))
            if self.rules[room] < 0:
                return row
            standings = (self.people.array.item(pair) >> self.people.bits for pair in (target, sender))
            to, by = (standing or int(self.others[room]) for standing in standings)
            code = int(self.rules[room]) + 2 * (sender == target)
            code += sum(weight for rank, weight in zip(self.powers.ranks, RANKS, strict=True) if rank[by] > rank[to])
            states = self.people.state(target), self.people.state(sender)
            cell = ((action * CODES + code) * (STATES + 1) + states[0]) * (STATES + 1) + states[1]
            decision = int(self.book[cell])
            verdicts[row] = cell if decision < 0 else decision
            if decision < 0:
                return row
            self.people.move(target, int(self.after[decision]))
        return len(self.actions)


@pytest.fixture(autouse=True)
def _only_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be had, no other loop does its work here."""
    monkeypatch.setattr(compiled, "loop", None)


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("pairs", [3, 300, 5_000], ids="{} pairs".format)
@pytest.mark.parametrize("more", [{}, {"known": 0.99}, {"asked": True}], ids=str)
def test_rows_are_decided_one_after_the_other(name: str, pairs: int, more: dict[str, Any]) -> None:
    for seed in range(2):
        ours, theirs = (Made(seed, 2_500, pairs, **more) for _ in range(2))
        verdicts, expected = np.full((2, 2_500), -7, np.int32)
        end = theirs.one_by_one(expected)
        assert ours.advance(LOOPS[name], 0, verdicts) == end
        is_told = (ours.actions >= 0) & (np.arange(2_500) < end)
        assert verdicts[is_told].tolist() == expected[is_told].tolist()
        assert ours.people.array.tolist() == theirs.people.array.tolist()
        if end < 2_500 and ours.rules[ours.rooms[end]] >= 0:
            assert verdicts[end] == expected[end]
        assert (verdicts[ours.actions < 0] == -7).all()


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("pairs", [50, 5_000], ids="{} pairs".format)
def test_a_decision_that_another_thread_has_made_meanwhile_is_asked_for_again(name: str, pairs: int) -> None:
    """What it leads to may stand in another array than the loop was given."""
    made, verdicts = Made(1, 100, pairs), np.full(100, -7, np.int32)
    everybody = made.people.array.tolist()
    made.after = made.after[:0]
    row = np.flatnonzero(made.actions >= 0).item(0)
    assert made.advance(LOOPS[name], 0, verdicts) == row
    assert 0 <= verdicts[row] < len(made.book)
    assert made.people.array.tolist() == everybody


class _Slow:
    """A decision that another thread gets in front of."""

    def __init__(self, meanwhile: Thread) -> None:
        self._meanwhile = meanwhile

    def __hash__(self) -> int:
        if not self._meanwhile.ident:
            self._meanwhile.start()
            self._meanwhile.join(0.05)
        return 0


def test_two_threads_never_give_out_one_number() -> None:
    book, other = Book(load_policy("mimi")), cast("Any", object())
    numbers: list[int] = []
    meanwhile = Thread(target=lambda: numbers.append(book.number(other, 1)))
    slow: Any = _Slow(meanwhile)
    numbers.append(book.number(slow, 2))
    meanwhile.join()
    assert sorted(numbers) == [0, 1]
    assert {book.number(slow, 2): slow, book.number(other, 1): other} == dict(enumerate(book.decisions))
    assert book.after[[book.number(slow, 2), book.number(other, 1)]].tolist() == [2, 1]


def test_what_is_known_of_pairs_is_kept_when_more_is_known() -> None:
    people = People(unknown=5)
    people.reach(100)
    assert people.states(3).tolist() == [5, 5, 5]
    people.stand(1, 3)
    people.move(1, 4)
    people.stand(2, 1_000)  # more than a byte holds
    people.move(0, 70_000)  # more than three bits hold
    people.reach(70_000)
    assert [people.state(pair) for pair in (0, 1, 2, 69_999)] == [70_000, 4, 5, 5]
    assert (people.array[:4] >> people.bits).tolist() == [0, 3, 1_000, 0]
    people.forget(np.array([True, True, False]))
    assert people.states(3).tolist() == [5, 5, 5]
    assert (people.array[:3] >> people.bits).tolist() == [0, 3, 1_000]
