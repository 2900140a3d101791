"""The laws of whole rooms: what no sequence of events may lead to.

A room law looks at one *step*: what the room was, the event, the decision, and
what the room then is. The rooms are played through by `fsm.review.rooms`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.review import draft
from fsm.review.draft import Source, ours, source_of, stated
from fsm.review.laws import Severity
from fsm.terms import Participation

Removal: TypeAlias = tuple[str, str, str]
"""An action, the sender, the target."""


@dataclass(frozen=True)
class View:
    """What matters of a room at one time."""

    states: Mapping[str, Participation]
    permissions: Mapping[str, frozenset[str]]
    grants: Mapping[str, frozenset[str]]
    ranks: Mapping[str, int]
    exposed: frozenset[Removal]
    """Who can remove whom."""
    can_be_mended: bool

    def state(self, user: str) -> Participation:
        """Where a user stands."""
        return self.states.get(user, Participation.LEAVE)


@dataclass(frozen=True, slots=True)
class Step:
    """One event in a room. `after` is `before` when the event is rejected."""

    event: Mapping[str, Any]
    decision: Decision
    before: View
    after: View
    needs: frozenset[str]
    height: int | None
    """The highest rank that the event changes something about, if any."""
    is_simple: bool
    """Whether permission is all that the event takes of who is joined."""
    contradicts: bool

    @property
    def sender(self) -> str:
        """Who acts."""
        return str(self.event["sender"])

    @property
    def is_participation(self) -> bool:
        """Whether the event is about where somebody stands."""
        return self.decision.before is not None


@dataclass(frozen=True, slots=True)
class RoomLaw:
    """A sentence that every step of every room keeps."""

    id: str
    sentence: str
    severity: Severity
    source: Source
    test: Callable[[Step], bool]
    shows: Callable[[Step], Removal | None] = lambda _: None
    """What is to be tried after a step that breaks it, for everybody to see."""

    @property
    def clause(self) -> str:
        """The title of the section that it comes from; of a law that is ours, of the one that comes closest."""
        return self.source.title


def room_law(
    sentence: str,
    severity: Severity = Severity.HIGH,
    *,
    source: Source | str,
    shows: Callable[[Step], Removal | None] = lambda _: None,
) -> Callable[[Callable[[Step], bool]], RoomLaw]:
    """Make a room law of a function that tells whether a step keeps it."""
    return lambda test: RoomLaw(test.__name__.replace("_", "-"), sentence, severity, source_of(source), test, shows)


@room_law("Who is not joined sends nothing", source=stated(draft.SENDER_IS_JOINED))
def only_the_joined_send(step: Step) -> bool:
    """Participation has conditions of its own."""
    return not step.decision or step.is_participation or step.before.state(step.sender) is Participation.JOIN


@room_law("Nobody does without permission what takes permission", source=stated(draft.SENDING_TAKES_PERMISSION))
def deeds_take_permission(step: Step) -> bool:
    """To change a setting takes the permission to send that event, and to change a role that to change the role."""
    return not step.decision or step.needs <= step.before.permissions[step.sender]


@room_law("Nobody gives, or gains, a permission that the giver does not hold", source=ours(draft.ROLES_NEED_WORDS))
def grants_are_held(step: Step) -> bool:
    """No sequence of events lets a member gain what nobody granted."""
    held = step.before.permissions[step.sender]
    return all(step.after.permissions[user] - had <= held for user, had in step.before.permissions.items())


@room_law("Nobody changes a role as high as their own, or higher", source=ours(draft.ROLES_NEED_WORDS))
def higher_roles_are_out_of_reach(step: Step) -> bool:
    """To step out of a role is everybody's own, and no change of the role."""
    return not step.decision or step.height is None or step.height < step.before.ranks[step.sender]


@room_law("Once roles are assigned, somebody can always change them", source=ours(draft.CREATOR_NEEDS_WORDS))
def nobody_is_locked_out(step: Step) -> bool:
    """A room in which nobody can is never mended."""
    return step.after.can_be_mended or not step.before.can_be_mended


def _newly_protected(step: Step) -> Removal | None:
    """Who came out of whose reach though they were granted nothing, and the other stayed what they were."""
    before, after = step.before, step.after
    if step.is_participation:
        return None
    for action, sender, target in sorted(before.exposed - after.exposed):
        is_same = (
            after.permissions[sender] >= before.permissions[sender] and after.ranks[sender] == before.ranks[sender]
        )
        if is_same and after.grants[target] <= before.grants[target]:
            return action, sender, target
    return None


@room_law(
    'An explicit "no" in a role does not protect its holder',
    Severity.MEDIUM,
    source=ours(draft.POWER_LEVEL),
    shows=_newly_protected,
)
def no_protects_nobody(step: Step) -> bool:
    """Rank is for who was granted something."""
    return _newly_protected(step) is None


@room_law(
    "Who is joined can speak, and do what they hold the permission for",
    Severity.MEDIUM,
    source=stated(draft.JOINED),
)
def permission_suffices(step: Step) -> bool:
    """Spec: "Participation Definitions", *Joined*: capable of engaging with the room."""
    is_joined = step.before.state(step.sender) is Participation.JOIN
    return bool(step.decision) or not (
        step.is_simple and is_joined and step.needs <= step.before.permissions[step.sender]
    )


@room_law("Where users stand and what they may do are kept apart", source=stated(draft.KEPT_APART))
def participation_is_kept_apart(step: Step) -> bool:
    """Spec: "Introduction": a user's permissions do not change their participation."""
    if step.is_participation:
        return step.before.permissions == step.after.permissions and step.before.ranks == step.after.ranks
    return step.before.states == step.after.states


@room_law("A room takes nothing that contradicts itself", Severity.MEDIUM, source=stated(draft.DISTINCT_ROLES))
def contradictions_are_rejected(step: Step) -> bool:
    """It is created once; in its role map, role ids and orders are distinct."""
    return not (step.decision and step.contradicts)


ROOM_LAWS: tuple[RoomLaw, ...] = tuple(each for each in list(globals().values()) if isinstance(each, RoomLaw))
"""Every law above, in that order."""

BEGINS = RoomLaw(
    id="fresh-room-lives",
    sentence="A room can begin as the scenario of its family says",
    severity=Severity.HIGH,
    source=source_of(""),
    test=lambda step: step.decision.allowed,
)
"""Held against the openings of a family that has laws of its own, and against nothing else."""

FRESH = RoomLaw(
    id="fresh-room-lives",
    sentence="In a fresh room the creator can let others in, and deal roles",
    severity=Severity.HIGH,
    source=ours(draft.CREATOR_NEEDS_WORDS),
    test=lambda step: step.decision.allowed,
)
"""Held against the steps by which boards are set up, and no others."""
