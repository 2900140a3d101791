"""Laws of what policies were made of: where they are broken, and what would mend it (see `fsm.policy_law`)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fsm.decision import Decision
from fsm.family import AnyPolicy
from fsm.loading import running
from fsm.policies import new_room, repairs_of
from fsm.policy_law import Fault, PolicyLaw
from fsm.review.errors import ReviewError
from fsm.review.laws.finding import Finding, Suggestion
from fsm.review.laws.kinds import Severity


def findings(policy: AnyPolicy, laws: Iterable[PolicyLaw]) -> Iterator[Finding]:
    """What breaks the laws that a policy of so many states is held against, each with a log that has been played."""
    for law in laws:
        if law.is_held_against(policy):
            with running(f"law `{law.id}` fails", ReviewError):
                faults = tuple(law.test(policy))
            yield from (_finding(policy, law, fault) for fault in faults)


def _finding(policy: AnyPolicy, law: PolicyLaw, fault: Fault) -> Finding:
    decision = _played(policy, fault)
    return Finding(
        policy.id,
        law.id,
        law.sentence,
        Severity(law.severity),
        clause=law.clause,
        subject=fault.subject,
        answer="allowed" if decision else f"rejected: {decision.reason}",
        witness=fault.log,
        is_reachable=True,
        suggestion=Suggestion(cannot=fault.cannot) if fault.cannot else None,
    )


def _played(policy: AnyPolicy, fault: Fault) -> Decision:
    """The answer to the last event of a log."""
    room = new_room(policy)
    *_, last = (room.send(event) for event in fault.log)
    return last


def suggested(policy: AnyPolicy, laws: Iterable[PolicyLaw], findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, each with the smallest change that mends it, if the family finds one."""
    repairs = repairs_of(policy)
    known = {
        (law.id, fault.subject): (law, fault)
        for law in (laws if repairs else ())
        if law.is_held_against(policy)
        for fault in law.test(policy)
    }
    for finding in findings:
        law, fault = known.get((finding.law, finding.subject), (None, None))
        if repairs is None or law is None or fault is None or fault.cannot:
            yield finding
            continue
        remedy = repairs.remedy(policy, law, fault)
        if isinstance(remedy, str):
            told = Suggestion(cannot=remedy)
        else:
            told = Suggestion(remedy.changes, remedy.gained, remedy.lost)
        yield replace(finding, suggestion=told)
