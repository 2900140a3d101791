"""Holding a policy against all laws: of its table, of its cells, of its rooms.

Theory of operation. Each kind of law says where it is broken; here that becomes a
`Finding` for people to read. Of all cells in which a law is broken, the smallest
counterexample is shown. That is, of those that a room can come to (of all, if there
is none), the one that differs in the fewest facts from the *plain* case (see
`fsm.facts.about`), and of several the first in the order of actions and facts.
Where the law asks for something to be possible, it is the one that differs least
from the *strong* case, in which the sender may all and outranks everybody: what is
missing there is not for want of permission. The log that shows it is the shortest;
in facts that have no say there, it may differ.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeAlias

from fsm.decision import refuse
from fsm.facts import spell
from fsm.family import AnyPolicy
from fsm.loading import running
from fsm.policies import laws_of
from fsm.policy_law import PolicyLaw
from fsm.review.cases.cells import Cell, Cells
from fsm.review.errors import ReviewError
from fsm.review.laws import policy_laws
from fsm.review.laws.accepted import reason_for
from fsm.review.laws.alike import told_of
from fsm.review.laws.finding import Example, Finding, Review
from fsm.review.laws.kinds import Breach, Law, Severity
from fsm.review.laws.room_laws import RoomLaw
from fsm.review.laws.structure import TABLE_LAWS, faults
from fsm.review.search.play import play_of
from fsm.review.search.rooms import RoomBreach, search_of
from fsm.review.search.witness import can_be_played, witness
from fsm.scenario import Log
from fsm.unrecorded import unrecorded

MOST_ALIKE = 4096
"""Of the cells that differ in nothing that matters, how many are tried for the shortest log."""

_ORDER = tuple(Severity)


Told: TypeAlias = Callable[[int], object]
"""Somebody who is told how many rooms have been played through."""

MOST_ROOMS = 10_000
"""How many rooms are played through at most, from each beginning; a family has some hundreds."""


@unrecorded()
def verify(  # noqa: PLR0913 - each by its name
    policy: AnyPolicy,
    laws: Iterable[Law | RoomLaw] = (),
    *,
    rooms: int = MOST_ROOMS,
    accepted: Mapping[str, Any] | None = None,
    progress: Told = lambda _: None,
    suggest: bool = False,
) -> Review:
    """Hold a policy against the laws: of its table, of its cells, and of whole rooms.

    These are the laws of its family, and `laws` of one's own. No more than `rooms` are played
    through from each beginning, with 0 none at all.
    `accepted` gives reasons by law, or by policy and law (see `fsm.review.laws.accepted`). To `suggest` is to
    search for what would mend the findings, where the family offers that.
    Raises `ReviewError` when a law is no function of the facts, and `DefinitionError` when a library is missing
    without which rooms of the policy cannot be built.
    """
    if policy.has_stock_rows:
        return _of_definitions(policy, accepted or {}, suggest=suggest)
    can_be_played(policy)
    cells = Cells(policy)
    own = tuple(laws)
    held = tuple(law for law in (*laws_of(policy), *own) if isinstance(law, Law))
    applied = tuple(law for law in held if law.applies_to(cells))
    search = search_of(policy, (law for law in own if isinstance(law, RoomLaw))) if rooms else None
    found = [*_of_table(cells), *_of_cells(cells, applied)]
    if search:
        for seen in search.run(rooms):
            progress(seen)
        found += [_of_room(policy, breach) for breach in search.breaches()]
    found.sort(key=lambda finding: _ORDER.index(finding.severity))
    review = Review(
        policy=policy.id,
        title=policy.title,
        source=policy.source,
        cells=cells.size,
        rooms=search.rooms if search else None,
        laws=len(TABLE_LAWS) + len(applied) + (len(search.laws) + 1 if search else 0),
        matrix={
            str(state): {
                str(action): tuple(row.id for row in policy.candidates(action, state)) for action in cells.actions
            }
            for state in policy.states
        },
        not_applied=tuple(law.id for law in held if law not in applied),
        findings=tuple(found),
    )
    return _accepted(review, policy, accepted or {})


def verify_all(  # noqa: PLR0913 - as `verify`
    policies: Iterable[AnyPolicy],
    laws: Iterable[Law | RoomLaw] = (),
    *,
    rooms: int = MOST_ROOMS,
    accepted: Mapping[str, Any] | None = None,
    progress: Told = lambda _: None,
    suggest: bool = False,
) -> Iterator[Review]:
    """The reviews of several policies, in order, each as `verify` gives it.

    Of policies that differ in nothing but names one is searched (see `fsm.review.laws.alike`). Raises as `verify` does.
    """
    own, done = tuple(laws), list[tuple[AnyPolicy, Review]]()
    for policy in policies:
        told = next(filter(None, (told_of(policy, *each) for each in done)), None)
        review = told and _accepted(told, policy, accepted or {})
        review = review or verify(policy, own, rooms=rooms, accepted=accepted, progress=progress, suggest=suggest)
        done.append((policy, review))
        yield review


def _accepted(review: Review, policy: AnyPolicy, accepted: Mapping[str, Any]) -> Review:
    """The review with the reasons that are given for this policy."""
    findings = (replace(each, accepted=reason_for(accepted, policy, each.law)) for each in review.findings)
    return replace(review, findings=tuple(findings))


def _of_definitions(policy: AnyPolicy, accepted: Mapping[str, Any], *, suggest: bool) -> Review:
    """The review of a policy whose rows are those of its whole family: it hangs on what the policy was made of."""
    laws = [law for law in laws_of(policy) if isinstance(law, PolicyLaw)]
    found = tuple(policy_laws.findings(policy, laws))
    if suggest:
        found = tuple(policy_laws.suggested(policy, laws, found))
    review = Review(
        policy=policy.id,
        title=policy.title,
        source=policy.source,
        cells=0,
        rooms=None,
        laws=sum(law.is_held_against(policy) for law in laws),
        matrix={},
        not_applied=(),
        findings=tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity))),
        not_searched=tuple(law.id for law in laws if not law.is_held_against(policy)),
    )
    return _accepted(review, policy, accepted)


def _of_table(cells: Cells) -> Iterator[Finding]:
    for fault in faults(cells):
        law = fault.law
        finding = Finding(cells.policy.id, law.id, law.sentence, law.severity, subject=fault.subject)
        breaches = tuple(Breach(cell) for cell in fault.cells)
        yield _shown(cells, finding, breaches, (), strong=fault.looks_for_strength) if breaches else finding


def _of_cells(cells: Cells, laws: Iterable[Law]) -> Iterator[Finding]:
    for law in laws:
        with running(f"law `{law.id}` fails", ReviewError):
            breaches = tuple(law.breaches(cells))
        if breaches:
            finding = _of_law(cells.policy, law)
            yield _shown(cells, finding, breaches, law.reads, strong=law.looks_for_strength)


def _of_law(policy: AnyPolicy, law: Law | RoomLaw) -> Finding:
    """That a law is broken, and where it comes from."""
    return Finding(
        policy.id,
        law.id,
        law.sentence,
        law.severity,
        clause=law.clause,
        says=tuple(map(str, law.source.quotes)),
        is_ours=law.source.is_ours,
    )


def _shown(
    cells: Cells, finding: Finding, breaches: Sequence[Breach], reads: tuple[str, ...], *, strong: bool
) -> Finding:
    """The finding with its smallest counterexample, and the log that leads there."""
    baseline = cells.strong if strong else cells.plain
    # Facts that have no say here are still part of the question: as the baseline has them.
    shown = [(cells.toward(breach.cell, reads, baseline), breach.contrast) for breach in breaches]
    shown.sort(key=lambda each: cells.distance(each[0].facts, baseline))
    logged = ((*each, _log(cells, each[0], reads)) for each in shown)
    cell, contrast, log = next((each for each in logged if each[2]), (*shown[0], None))
    example = _example(cells, cell)
    return replace(
        finding,
        rows=_rows(cells, breaches),
        cells=sum(each.cell.count for each in breaches),
        answer=example.answer,
        example=example,
        is_from_strong=strong,
        witness=log,
        is_reachable=bool(log) if play_of(cells.policy) else None,
        contrast=_example(cells, contrast) if contrast else None,
        contrast_witness=_log(cells, contrast, reads) if contrast else None,
    )


def _log(cells: Cells, cell: Cell, reads: tuple[str, ...]) -> Log | None:
    """The shortest log to a cell, or to one that differs from it in nothing that matters."""
    if play_of(cells.policy) is None:
        return None
    alike = islice(cells.alike(cell, reads), MOST_ALIKE)
    logs = (witness(cells.policy, each.action, each.facts) for each in alike)
    return min(filter(None, logs), key=len, default=None)


def _rows(cells: Cells, breaches: Iterable[Breach]) -> tuple[tuple[str, str], ...]:
    """The rows that permit where the law is broken, or where it is compared with."""
    concerned = {row.id for breach in breaches for cell in (breach.cell, breach.contrast) if cell for row in cell.rows}
    return tuple((row.id, row.clause) for row in cells.policy.transitions if row.id in concerned)


def _example(cells: Cells, cell: Cell) -> Example:
    facts = cell.facts
    decision = cell.decision or refuse(cells.policy, cell.action, facts)
    names = cells.policy.domain.values
    return Example(
        action=str(cell.action),
        facts={name: spell(getattr(facts, name)) for name in names},
        allowed=decision.allowed,
        transition=decision.transition,
        after=str(decision.after),
        reason=decision.reason,
        unusual=tuple(
            name for name in names if name not in ("target", "sender") and getattr(facts, name) is not cells.plain[name]
        ),
    )


def _of_room(policy: AnyPolicy, breach: RoomBreach) -> Finding:
    law, decision = breach.law, breach.decision
    return replace(
        _of_law(policy, law),
        rooms=breach.rooms,
        answer="allowed" if decision else f"rejected: {decision.reason}",
        witness=breach.log,
        is_reachable=True,
        contrast_witness=breach.contrast,
    )
