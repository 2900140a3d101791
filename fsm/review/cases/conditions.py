"""A set of cells, said in the fewest conditions, in words.

Theory of operation. A condition is a box: for some facts, the values that they may
have. The fewest boxes that hold a set of cells and nothing else are found as in the
minimisation of logic in two levels, with facts of many values:

1. Facts that make no difference are left out, and of cells that then are alike one stays.
2. All *primes* are found, the boxes that cannot grow without reaching a cell outside
   the set. Combinations of values that are no cell may lie inside or outside.
3. Of the primes, the fewest that hold all cells are chosen, and of equally few those
   that read best. Most are the only one to hold some cell; for the others, this is a
   set cover, which SciPy's solver for integer programs (HiGHS) solves exactly.

There are libraries for minimising, but those for Quine and McCluskey's method know two
values, are not exact, and drown in impossible combinations.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

from fsm.errors import needs
from fsm.facts import Value, tell
from fsm.guards import Guard
from fsm.review.cases.grid import Cells, cells_of, columns, numbers
from fsm.review.errors import ReviewError

Box: TypeAlias = tuple[int, ...]
"""For each fact, the values that it may have: a set, as the bits of one number."""

Literal: TypeAlias = tuple[str, frozenset[Value]]
"""A fact, and the values that it may have."""

MOST_PRIMES = 2_000
"""Of a set so irregular that it has more, a few conditions are found, though perhaps not the fewest."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Facts with the values that each may have, in words, and the cells where all of them have one."""

    values: Mapping[str, tuple[Value, ...]]
    words: str
    cells: Cells


class Table:
    """The cells of a comparison: for each fact, its value in every cell."""

    def __init__(self, facts: Mapping[str, Sequence[Value]]) -> None:
        self.names = tuple(facts)
        self._facts = facts
        self._having = {name: dict(columns(values)) for name, values in facts.items()}
        self.size = len(next(iter(facts.values())))

    def values(self, name: str) -> tuple[Value, ...]:
        """The values of a fact, in the order of their first cells."""
        return tuple(self._having[name])

    def at(self, name: str, number: int) -> Value:
        """The value of a fact in one cell."""
        return self._facts[name][number]

    def having(self, name: str, values: Iterable[Value]) -> Cells:
        """The cells in which a fact has one of these values."""
        cells = 0
        for value in values:
            cells |= self._having[name][value]
        return cells

    def holding(self, literals: Iterable[Literal]) -> Cells:
        """The cells in which every fact has one of the values that it may have."""
        cells = (1 << self.size) - 1
        for name, values in literals:
            cells &= self.having(name, values)
        return cells

    def occurring(self, name: str, cells: Cells) -> frozenset[Value]:
        """The values that a fact has in some of these cells."""
        return frozenset(value for value, having in self._having[name].items() if having & cells)

    def relevant(self, cells: Cells) -> tuple[tuple[str, ...], Cells]:
        """The facts that tell these cells from the others, and of cells alike in them the first."""
        digits = {name: [self.values(name).index(value) for value in self._facts[name]] for name in self.names}
        inside = [bool(cells >> number & 1) for number in range(self.size)]
        codes, unit, relevant = [0] * self.size, 1, []
        units = {}
        for name in self.names:
            units[name], unit = unit, unit * len(self.values(name))
            codes = [code + units[name] * digit for code, digit in zip(codes, digits[name], strict=True)]
        # Of two facts of which one will do, such as the states of a sender who is the target, the target's stays.
        for name in sorted(reversed(list(self.names)), key=lambda name: name == "target"):  # noqa: C414 - keeps equals
            without = [code - units[name] * digit for code, digit in zip(codes, digits[name], strict=True)]
            seen = {code for code, is_inside in zip(without, inside, strict=True) if is_inside}
            if any(code in seen and not is_inside for code, is_inside in zip(without, inside, strict=True)):
                relevant.append(name)
            else:
                codes = without
        first = {code: number for number, code in reversed(list(enumerate(codes)))}
        kept = cells_of(first[code] == number for number, code in enumerate(codes))
        return tuple(name for name in self.names if name in relevant), kept


class Words:
    """How values of facts read: in the words of a guard that says just that, else as `fact = value`."""

    def __init__(self, table: Table, guards: Iterable[tuple[Guard[Any], Cells]]) -> None:
        self._table = table
        self._phrases: dict[Literal, str] = {}
        every = (1 << table.size) - 1
        for guard, holding in guards:
            for cells, phrase in ((holding, guard.holds), (every & ~holding, guard.fails)):
                for name in table.names:
                    values = frozenset(each for each in table.values(name) if not table.having(name, [each]) & ~cells)
                    if values and table.having(name, values) == cells != every:
                        self._phrases.setdefault((name, values), phrase)

    def is_phrase(self, literal: Literal) -> bool:
        """Whether a guard says just this."""
        return literal in self._phrases

    def literal(self, literal: Literal) -> str:
        """One fact and its values."""
        if literal in self._phrases:
            return self._phrases[literal]
        name, values = literal
        others = [value for value in self._table.values(name) if value not in values]
        if len(others) == 1 and len(values) > 1:
            return f"{name} ≠ {tell(others[0])}"
        *some, last = [tell(value) for value in self._table.values(name) if value in values]
        return f"{name} = {', '.join(some)} or {last}" if some else f"{name} = {last}"

    def sentence(self, literals: Iterable[Literal]) -> str:
        """Several facts and their values, joined by "and", a subject that comes again being said once."""
        phrases = [self.literal(literal) for literal in literals]
        subjects = [subject for subject in _SUBJECTS if sum(phrase.startswith(subject) for phrase in phrases) > 1]
        said: list[str] = []
        for subject in subjects:
            # Those of one subject stand next to each other, where the first of them stood.
            place = next(index for index, phrase in enumerate(phrases) if phrase.startswith(subject))
            same = [phrase for phrase in phrases if phrase.startswith(subject)]
            phrases = [phrase for phrase in phrases if not phrase.startswith(subject)]
            phrases[place:place] = [same[0], *(phrase.removeprefix(subject) for phrase in same[1:])]
        said = phrases
        if len(said) < 3:  # noqa: PLR2004 - two need no comma
            return " and ".join(said) or "always"
        return f"{', '.join(said[:-1])}, and {said[-1]}"


_SUBJECTS = ("the sender ", "the target ", "the room ")


def fewest(table: Table, cells: Cells, words: Words) -> tuple[Condition, ...]:
    """The fewest conditions that hold for these cells of the table and for no other."""
    names, kept = table.relevant(cells)
    boxes = _Boxes(table, names, kept)
    found: dict[Cells, tuple[Literal, ...]] = {}
    for box in boxes.primes(cells & kept, kept & ~cells) or boxes.pieces(cells & kept):
        literals = _readable(table, boxes.literals(box), words)
        found.setdefault(table.holding(literals), literals)
    chosen = _choose(list(found), [_effort(literals, words) for literals in found.values()], cells & kept)
    return tuple(
        Condition(
            {name: tuple(value for value in table.values(name) if value in values) for name, values in literals},
            words.sentence(literals),
            holding,
        )
        for holding, literals in found.items()
        if holding in chosen
    )


class _Boxes:
    """Boxes over some facts of a table, of whose cells only some are looked at."""

    def __init__(self, table: Table, names: Sequence[str], kept: Cells) -> None:
        self._table = table
        self._names = names
        self._kept = kept
        self._values = [table.values(name) for name in names]
        self._having = [[table.having(name, [value]) for value in table.values(name)] for name in names]

    def literals(self, box: Box) -> tuple[Literal, ...]:
        return tuple(
            (name, frozenset(value for place, value in enumerate(values) if bits >> place & 1))
            for name, values, bits in zip(self._names, self._values, box, strict=True)
        )

    def primes(self, inside: Cells, outside: Cells) -> list[Box]:
        """All boxes that hold something inside, nothing outside, and cannot grow; none if they are too many.

        Starting from the box of everything, what is outside is cut off piece by piece.
        """
        primes: list[Box] = [tuple((1 << len(values)) - 1 for values in self._values)]
        for piece in self.pieces(outside):
            whole = [box for box in primes if not _meet(box, piece)]
            cut = {
                (*box[:place], box[place] & ~piece[place], *box[place + 1 :])
                for box in primes
                if _meet(box, piece)
                for place in range(len(box))
                if box[place] & ~piece[place]
            }
            primes = [*whole, *(box for box in sorted(cut) if not any(_within(box, big) for big in whole))]
            primes = [box for box in primes if box not in cut or not any(_within(box, b) for b in cut if b != box)]
            if len(primes) > MOST_PRIMES:
                return []
        return [box for box in primes if self._cells(box) & inside]

    def pieces(self, cells: Cells) -> Iterator[Box]:
        """Boxes that together hold these cells and no impossible combination: large ones, found greedily."""
        rest = cells
        while rest:
            number = (rest & -rest).bit_length() - 1
            box = tuple(
                next(1 << place for place, having in enumerate(each) if having >> number & 1) for each in self._having
            )
            for place, values in enumerate(self._values):
                for bit in range(len(values)):
                    wider = (*box[:place], box[place] | 1 << bit, *box[place + 1 :])
                    held = self._cells(wider)
                    if not held & ~cells and held.bit_count() == prod(bits.bit_count() for bits in wider):
                        box = wider
            yield box
            rest &= ~self._cells(box)

    def _cells(self, box: Box) -> Cells:
        cells = self._kept
        for bits, having in zip(box, self._having, strict=True):
            some = 0
            for place, each in enumerate(having):
                if bits >> place & 1:
                    some |= each
            cells &= some
        return cells


def _meet(box: Box, other: Box) -> bool:
    return all(one & two for one, two in zip(box, other, strict=True))


def _within(box: Box, other: Box) -> bool:
    return not any(one & ~two for one, two in zip(box, other, strict=True))


def _readable(table: Table, literals: Sequence[Literal], words: Words) -> tuple[Literal, ...]:
    """The same cells by fewer literals, each with no value that does not occur; best words last to go."""
    cells = table.holding(literals)
    tight = [(name, table.occurring(name, cells)) for name, _ in literals]
    for literal in sorted(tight, key=lambda literal: (words.is_phrase(literal), literal[0] == "target")):
        rest = [other for other in tight if other != literal]
        if table.holding(rest) == cells:
            tight = rest
    order = ["target", "is_self", *table.names]
    return tuple(sorted(tight, key=lambda literal: order.index(literal[0])))


def _effort(literals: Sequence[Literal], words: Words) -> int:
    """What it takes to read a condition."""
    return sum(10 if words.is_phrase(literal) else 10 + len(words.literal(literal)) // 10 for literal in literals)


def _choose(sets: Sequence[Cells], efforts: Sequence[int], cells: Cells) -> set[Cells]:
    """The fewest sets that together hold the cells; of equally few, those of least effort."""
    holders = {frozenset(place for place, each in enumerate(sets) if each >> number & 1) for number in numbers(cells)}
    chosen = {place for holder in holders if len(holder) == 1 for place in holder}
    open_ = sorted(sorted(holder) for holder in holders if not holder & chosen)
    if open_:
        chosen |= _cover(open_, efforts)
    return {sets[place] for place in chosen}


def _cover(holders: Sequence[Sequence[int]], efforts: Sequence[int]) -> set[int]:
    """Places, as few as possible, with one in each of `holders`."""
    try:
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - heavy, and seldom needed
    except ModuleNotFoundError as missing:
        raise ReviewError(needs("to compare policies", missing.name, "review")) from None
    places = sorted({place for holder in holders for place in holder})
    result = milp(
        [1000 + efforts[place] for place in places],
        integrality=[1 for _ in places],
        bounds=Bounds(0, 1),
        constraints=LinearConstraint([[place in holder for place in places] for holder in holders], lb=1),
        options={"mip_rel_gap": 0},
    )
    assert result.x is not None  # all of the places together would do
    return {place for place, taken in zip(places, result.x, strict=True) if taken > 0.5}  # noqa: PLR2004 - it is 0 or 1
