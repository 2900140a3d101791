"""The laws of the table itself, whatever it is about: no row too many, none dead, no state without a way out.

Rows that cannot fire and guards that do not matter are looked for among the rules beside the table as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fsm.review.cases.cells import Cell, Cells, Row
from fsm.review.compare.beside import check_rules
from fsm.review.laws.kinds import Severity


@dataclass(frozen=True, slots=True)
class TableLaw:
    """A sentence that a table keeps as a whole."""

    id: str
    sentence: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """What in the table breaks a law, and the cells that show it, none if only reading the table does."""

    law: TableLaw
    subject: str
    cells: tuple[Cell, ...]

    @property
    def looks_for_strength(self) -> bool:
        """Whether it shows most where the sender may all: what does not even then happen never does."""
        return self.law is not ONE_ROW


ONE_ROW = TableLaw("one-row-per-cell", "At most one transition permits a cell", Severity.HIGH)
ROWS_FIRE = TableLaw("every-row-fires", "Every row can fire, a transition from each of its states", Severity.MEDIUM)
GUARDS_MATTER = TableLaw("every-guard-matters", "Every guard matters in every row it stands in", Severity.LOW)
STATES_ARE_REACHED = TableLaw(
    "every-state-is-reached", "Every state can be reached from the initial one", Severity.MEDIUM
)
STATES_ARE_LEFT = TableLaw(
    "every-state-is-left", "From every state there is a way back to the initial one", Severity.HIGH
)

TABLE_LAWS = (ONE_ROW, ROWS_FIRE, GUARDS_MATTER, STATES_ARE_REACHED, STATES_ARE_LEFT)


def faults(cells: Cells) -> Iterator[Fault]:
    """Everything in which a policy's table, and the rules beside it, break a law."""
    yield from _overlaps(cells)
    for row in cells.policy.transitions:
        yield from _dead(cells, row)
        yield from _idle(cells, row)
    yield from _isolated(cells)
    for check in check_rules(cells.policy):
        if not check.permits:
            yield Fault(ROWS_FIRE, f"`{check.rule}` for `{check.kind}` events", ())
        for guard in check.idle:
            yield Fault(GUARDS_MATTER, f"`{guard}` in `{check.rule}` for `{check.kind}` events", ())


def _overlaps(cells: Cells) -> Iterator[Fault]:
    """Rows that permit the same; under a policy with precedence they may, if they lead to the same state."""
    found: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells.walk():
        dests = {row.leads_to(cell.facts) for row in cell.rows}
        if len(dests) > 1 or (len(cell.rows) > 1 and not cells.policy.precedence):
            found.setdefault(tuple(row.id for row in cell.rows), []).append(cell)
    for rows, shared in found.items():
        yield Fault(ONE_ROW, " and ".join(f"`{row}`" for row in rows), tuple(shared))


def _dead(cells: Cells, row: Row) -> Iterator[Fault]:
    """A row that never fires, or never from one of its states: shown where it comes nearest."""
    live = {cell.facts.target for cell in _at(cells, row) if row in cell.rows}
    dead = [state for state in cells.policy.states if state in row.source - live]
    if dead:
        subject = f"`{row.id}`" if not live else f"`{row.id}` from {', '.join(map(str, dead))}"
        missed = [cell for cell in _at(cells, row) if cell.facts.target in dead]
        fewest = min(_failing(row, cell) for cell in missed)
        yield Fault(ROWS_FIRE, subject, tuple(cell for cell in missed if _failing(row, cell) == fewest))


def _idle(cells: Cells, row: Row) -> Iterator[Fault]:
    """A guard without which its row would permit no more than it does; of a dead row nothing is said."""
    alone: set[str] = set()
    fires = False
    for cell in _at(cells, row):
        failed = [guard.name for guard in row.guards if not guard(cell.facts)]
        fires = fires or not failed
        if len(failed) == 1:
            alone.update(failed)
    for guard in row.guards:
        if fires and guard.name not in alone:
            yield Fault(GUARDS_MATTER, f"`{guard.name}` in `{row.id}`", ())


def _isolated(cells: Cells) -> Iterator[Fault]:
    for state in cells.policy.states:
        if state not in cells.reachable:
            tried = (cell for cell in cells.walk() if cell.action == state and cell.facts.target in cells.reachable)
            yield Fault(STATES_ARE_REACHED, f"`{cells.policy.called(state)}`", tuple(tried))
        elif cells.start not in cells.reached_from(state):
            tried = (cell for cell in cells.walk() if cell.facts.target == state and cell.action == cells.start)
            yield Fault(STATES_ARE_LEFT, f"`{cells.policy.called(state)}`", tuple(tried))


def _at(cells: Cells, row: Row) -> Iterator[Cell]:
    """The cells in which a row is asked."""
    return (cell for cell in cells.walk() if cell.action == row.trigger and cell.facts.target in row.source)


def _failing(row: Row, cell: Cell) -> int:
    return sum(not guard(cell.facts) for guard in row.guards)
