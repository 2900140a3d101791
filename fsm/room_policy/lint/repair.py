"""The search for changes of a role set after which a law holds.

Theory of operation. Every fault names changes that may mend it. They are tried with the fewest
words first, each by holding the changed set against all laws: it is taken if the fault is
gone, and no other of high or medium weight has come. What makes such a fault is tried together
with what may mend that one. A whole set is repaired fault by fault, the most serious first. Of
those of low weight only what is of no use goes: nobody may do more or less than before.
"""

from heapq import heapify, heappop, heappush
from itertools import count

from fsm.policy_law import Fault, PolicyLaw, Remedy
from fsm.room_policy.lint.differences import abilities, changes, preview
from fsm.room_policy.lint.edits import Edits, edited
from fsm.room_policy.lint.laws import LAWS
from fsm.room_policy.policies import RolePolicy, data_of

__all__ = ["changes", "data_of", "faults", "preview", "remedy", "repaired"]

TRIED = 40
"""So many changed sets are looked at for one fault."""

MENDED = 14
"""Of so many roles, with 0 and 1, changes are searched for; of more it would take too long."""

MOST_FAULTS = 40
"""Of a set with more faults of high and medium weight no changes are searched for: they would be a new set."""

_AT_ONCE = 6
"""A change that makes another fault is tried together with so many ways to mend that."""

WEIGHTS = HIGH, MEDIUM, LOW = ("high", "medium", "low")

Found = tuple[PolicyLaw, Fault]


def faults(policy: RolePolicy) -> tuple[Found, ...]:
    """Where the roles of a policy break a law, the most serious first."""
    return policy.derived(_faults)


def _faults(policy: RolePolicy) -> tuple[Found, ...]:
    found = [(law, fault) for law in LAWS if law.is_held_against(policy) for fault in law.test(policy)]
    return tuple(sorted(found, key=lambda each: WEIGHTS.index(each[0].severity)))


def can_be_searched(policy: RolePolicy) -> bool:
    """Whether there are so few roles that changes are searched for."""
    return len(policy.states) <= MENDED


def remedy(policy: RolePolicy, law: PolicyLaw, fault: Fault) -> Remedy | str:
    """The smallest change found after which the fault is gone, and what else it changes; or why there is none."""
    if not can_be_searched(policy):
        return f"there are {len(policy.states)} roles, changes are searched for up to {MENDED}"
    if _serious(policy) > MOST_FAULTS:
        return f"there are more than {MOST_FAULTS} such findings, which is another set of roles"
    edits = _search(policy, law, fault)
    if edits is None:
        return "no small change was found that makes no other fault"
    gained, lost = changes(policy, edited(policy, edits))
    return Remedy(tuple(edit.words for edit in edits), gained, lost)


def repaired(policy: RolePolicy) -> tuple[RolePolicy, tuple[str, ...]]:
    """The policy after all repairs that could be found, and these in words."""
    done: list[str] = []
    if not can_be_searched(policy):
        return policy, ()
    hopeless: set[object] = set()
    while True:
        edits = None
        for law, fault in faults(policy):
            if (law.id, fault.key) not in hopeless:
                edits = _search(policy, law, fault, only_useless=law.severity == LOW)
                if edits is not None:
                    break
                hopeless.add((law.id, fault.key))
        if edits is None:
            return policy, tuple(done)
        policy = edited(policy, edits)
        done += [edit.words for edit in edits]


def _serious(policy: RolePolicy) -> int:
    return sum(law.severity != LOW for law, _ in faults(policy))


def _search(policy: RolePolicy, law: PolicyLaw, fault: Fault, *, only_useless: bool = False) -> Edits | None:
    """The changes with the fewest words after which a fault is gone, and no serious one has come."""
    if _serious(policy) > MOST_FAULTS:
        return None
    old = {(each.id, other.key) for each, other in faults(policy)}
    order = count()
    waiting = [(len(way), next(order), way) for way in fault.ways]
    heapify(waiting)
    seen: set[frozenset[str]] = set()
    for _ in range(TRIED):
        if not waiting:
            return None
        _, _, edits = heappop(waiting)
        words = frozenset(edit.words for edit in edits)
        if not edits or words in seen:
            continue
        seen.add(words)
        changed = edited(policy, edits)
        if only_useless and abilities(policy) != abilities(changed):
            continue
        if any(other.key == fault.key for other in law.test(changed)):
            continue
        new = [other for each, other in faults(changed) if each.severity != LOW and (each.id, other.key) not in old]
        if not new:
            return edits
        for other in new:
            for more in other.ways[:_AT_ONCE]:
                together = tuple(dict.fromkeys((*edits, *more)))
                heappush(waiting, (len(together), next(order), together))
    return None
