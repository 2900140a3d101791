"""For the tests of those who embed `fsm`: facts and rooms to ask about, strategies, assertions.

A policy of one's own is tested guard by guard. In ten lines::

    from fsm import MIMI
    from fsm.participation.guards import room_is_public, sender_may_invite
    from fsm.testing import assert_allowed, assert_rejected, facts, room

    QUIET = MIMI.evolve("quiet", drop=["knock", "join"])  # nobody comes in uninvited

    def test_invites_take_permission():
        assert_allowed(QUIET, "invite", facts(target="leave", may_invite=True), transition="invite")
        assert_rejected(QUIET, "invite", facts(target="leave"), because=sender_may_invite)

    def test_there_is_no_way_in_but_an_invite():
        assert_rejected(QUIET, "join", facts(target="leave", is_self=True, join_rule="public"), because=())
        scene = room(QUIET, target="leave", is_self=True, join_rule="public")
        assert_rejected(scene.ask("join"), because=())

`pytest --fsm-coverage` then tells what the tests have not asked yet; what these builders
and strategies ask to find a room does not count. The strategies need Hypothesis; nothing
else here does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from fsm.decision import Decision
from fsm.domain import Domain
from fsm.errors import DefinitionError
from fsm.facts import EVENT, Value
from fsm.family import AnyPolicy, AnyRoom
from fsm.guards import Guard
from fsm.memory import memory_of
from fsm.policies import load_policy, new_room, target_of
from fsm.policy import Policy
from fsm.review.search.play import Play, play_of
from fsm.review.search.witness import witness
from fsm.state import Tone
from fsm.unrecorded import unrecorded

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "Scene",
    "assert_allowed",
    "assert_rejected",
    "events_of",
    "facts",
    "facts_of",
    "histories_of",
    "room",
]

Because: TypeAlias = Guard[Any] | str | Iterable[Guard[Any] | str]
"""A guard or several, each by itself or by name."""

Event: TypeAlias = dict[str, Any]


def facts(policy: AnyPolicy | str = "mimi", **given: Value | str | int) -> Any:
    """What differs from the plain case of a policy, of whichever family: what its facts declare as plain.

    Who is the target stands where the target does, and the other way round. Values
    may be words, and states may be given by their labels. Raises `DefinitionError` for a fact
    or a value that does not exist.
    """
    rules = load_policy(policy) if isinstance(policy, str) else policy
    domain: Domain[Any] = rules.domain
    known = {name: rules.value_of(name, value) for name, value in given.items()}
    plain = {**domain.plain}
    if known.get("is_self"):
        where = known.get("target", known.get("sender", plain["target"]))
        plain |= {"target": where, "sender": where}
    record = domain.record(**{**plain, **known})
    if (record.is_self and record.sender is not record.target) or not all(test(record) for test in domain.possible):
        raise DefinitionError("these facts cannot come together")
    return record


@dataclass(frozen=True, slots=True)
class Scene:
    """A room in which given facts hold of one user as the sender and another, or the same, as the target."""

    policy: AnyPolicy = field(repr=False)
    room: AnyRoom = field(repr=False)
    sender: str
    target: str
    told: Mapping[str, Value] = field(default_factory=dict, repr=False)
    """The facts that an event itself tells."""

    def event(self, action: str) -> Event:
        """The event by which the sender asks to do something to the target, of those that tell the given facts."""
        known = {word.value for word in self.policy.actions}
        play, pair = _play_of(self.policy), (self.sender, self.target)
        questions = [
            question
            for question in (play.questions(action) if action in known else ())
            if (question["sender"], target_of(self.policy, question)) == pair
        ]
        for question in questions:
            found = play.facts(self.room, question)
            if all(getattr(found, name) == value for name, value in self.told.items()):
                return question
        if questions:
            return questions[0]
        raise DefinitionError(f"policy `{self.policy.id}`: there is no event for `{action}` here")

    def ask(self, action: str) -> Decision:
        """Whether the sender may do it. Nothing changes."""
        return self.room.decide(self.event(action))

    def act(self, action: str) -> Decision:
        """Let the sender do it."""
        return self.room.send(self.event(action))


@unrecorded()
def room(policy: AnyPolicy | str = "mimi", **given: Value | str | int) -> Scene:
    """A room in which just these facts hold, and else the plain ones (see `facts`).

    Raises `DefinitionError` when no room can come to them.
    """
    rules = load_policy(policy) if isinstance(policy, str) else policy
    wanted = facts(rules, **given)
    log = witness(rules, _asking(rules, wanted), wanted)
    if log is None:
        raise DefinitionError(f"policy `{rules.id}`: no room can come to these facts")
    built = new_room(rules)
    for event in log[:-1]:
        built.send(event)
    told = {name: getattr(wanted, name) for name, what in rules.domain.about.items() if what.subject is EVENT}
    return Scene(rules, built, log[-1]["sender"], target_of(rules, log[-1]), told)


def _asking(policy: AnyPolicy, wanted: Any) -> Any:
    """An action whose events can tell these facts."""
    limits = ((trigger, policy.carries.get(trigger, {}).items()) for trigger in policy.triggers)
    fitting = (trigger for trigger, told in limits if all(getattr(wanted, name) in values for name, values in told))
    return next(fitting, policy.triggers[0])


def assert_allowed(subject: Decision | AnyPolicy | AnyRoom, *question: Any, transition: str | None = None) -> Decision:
    """Hold that something is allowed: a decision; an action under facts, by a policy; or an event, in a room.

    With `transition`, it must be this one that permits. Returns the decision.
    """
    __tracebackhide__ = True
    decision = _decide(subject, question)
    assert decision.allowed, f"rejected - {decision.reason}"
    if transition is not None:
        assert decision.transition == transition, f"allowed as `{decision.transition}`, not as `{transition}`"
    return decision


def assert_rejected(
    subject: Decision | AnyPolicy | AnyRoom, *question: Any, because: Because | None = None
) -> Decision:
    """Hold that something is rejected: a decision; an action under facts, by a policy; or an event, in a room.

    With `because`, there must be a transition that just this guard, or just these,
    kept from permitting; and none at all from this state by this action when
    `because` is empty. Returns the decision.
    """
    __tracebackhide__ = True
    decision = _decide(subject, question)
    assert not decision.allowed, f"allowed as `{decision.transition}`"
    if because is None:
        return decision
    names = _names(because)
    said = "; ".join(f"`{each.transition}` since {', '.join(each.failed)}" for each in decision.refusals)
    if not names:
        assert not decision.refusals, f"there are transitions, refused: {said}"
        return decision
    wanted = ", ".join(sorted(names))
    refused = any(set(each.failed) == names for each in decision.refusals)
    assert refused, f"no transition is refused for {wanted} alone, but {said or 'there is no transition'}"
    return decision


def facts_of(policy: AnyPolicy) -> "SearchStrategy[Any]":
    """A strategy: any facts that the policy can meet."""
    from hypothesis import strategies  # noqa: PLC0415 - only the strategies need it

    return strategies.sampled_from(policy.domain.records)


def events_of(policy: AnyPolicy) -> "SearchStrategy[Event]":
    """A strategy: any event of small rooms, allowed or not."""
    from hypothesis import strategies  # noqa: PLC0415

    play = _play_of(policy)
    questions = [question for action in policy.triggers for question in play.questions(action)]
    assignments = [event for assignment in play.assignments for event in assignment]
    return strategies.sampled_from([*play.turns, *questions, *assignments])


def histories_of(policy: AnyPolicy, *, max_size: int = 30) -> "SearchStrategy[list[Event]]":
    """A strategy: logs of small rooms, from the first event on, in which anything may be rejected."""
    from hypothesis import strategies  # noqa: PLC0415

    play = _play_of(policy)
    any_event = events_of(policy).map(lambda event: (event,))
    assignments = strategies.sampled_from(play.assignments)
    cells = strategies.tuples(strategies.sampled_from(policy.triggers), facts_of(policy))

    @strategies.composite
    @unrecorded()
    def history(draw: "DrawFn") -> list[Event]:
        # By any events alone, roles would hardly ever be dealt, and hardly anybody would get anywhere.
        start = witness(policy, *draw(cells)) if draw(strategies.booleans()) else None
        log, played = [*(start or draw(strategies.sampled_from(play.openings)))], new_room(policy)
        for event in log:
            played.send(event)
        size = draw(strategies.integers(1, max_size))
        while len(log) < size:
            moves = [event for event in play.turns if _moves(played, event)]
            some = strategies.sampled_from(moves).map(lambda event: (event,)) if moves else any_event
            for event in draw(strategies.one_of(some, any_event, assignments)):
                played.send(event)
                log.append(event)
        return log[:size]

    return history()


def _moves(played: AnyRoom, event: Event) -> bool:
    """Whether an event would move somebody, and not the last member away."""
    decision = played.decide(event)
    members = {state for state, display in played.policy.displays.items() if display.tone is Tone.MEMBER}
    inside = [state for state in played.participations().values() if state in members]
    is_last = len(inside) == 1 and decision.before in members
    return decision.allowed and decision.before is not decision.after and not is_last


def _decide(subject: Decision | AnyPolicy | AnyRoom, question: tuple[Any, ...]) -> Decision:
    if isinstance(subject, Decision):
        return subject
    if isinstance(subject, Policy):
        action, record = question
        actions: Mapping[str, StrEnum] = {each.value: each for each in subject.triggers}
        return memory_of(subject).machine.decide(actions.get(action, action), record)
    (event,) = question
    return subject.decide(event)


def _names(because: Because) -> set[str]:
    if isinstance(because, (Guard, str)):
        because = (because,)
    return {each.name if isinstance(each, Guard) else each for each in because}


def _play_of(policy: AnyPolicy) -> Play:
    play = play_of(policy)
    if play is None:
        raise DefinitionError(
            f"policy `{policy.id}`: its family `{policy.family}` offers no events to build rooms from"
        )
    return play
