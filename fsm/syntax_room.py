"""A room of a family that says by its `Syntax` how changes are read: all else that a room does is here.

A subclass says what this protocol's facts are (`facts_between`), why an event that is no
change may not be sent (`refusal`), and in which state the creator of a room is. It is
judged by the policy's machine like any room; it has no quick way.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from fsm import typed_json
from fsm.decision import Decision
from fsm.errors import DefinitionError, EventError, PolicyError, shorten
from fsm.event import Event, plain, read_event, write_state
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.memory import Memory, memory_of
from fsm.own_facts import Provider
from fsm.participant import Who
from fsm.past import GIVEN, Read, brief
from fsm.policy import Policy
from fsm.room import JSON, BaseRoom, another, itself
from fsm.state import AnyState
from fsm.syntax import Change, Syntax

T = TypeVar("T")


class SyntaxRoom(BaseRoom[Who]):
    """A room whose participation changes are read by `syntax`."""

    __slots__ = ("_policy", "_states", "settings")

    _states: dict[str, Any]

    syntax: ClassVar[Syntax]
    """How changes are written and read."""

    snapshot_format = "fsm.syntax_room"
    _parts = {"settings": dict[tuple[str, str], dict[str, Any]]}  # noqa: RUF012 - never changed
    copied_fields = {**BaseRoom.copied_fields, "_policy": itself, "_states": dict, "settings": dict}  # noqa: RUF012 - as above

    def __init__(
        self,
        room_id: str | None = None,
        *,
        policy: Policy[Any],
        participant: type[Who] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> None:
        super().__init__(room_id, participant, facts)
        self._policy = policy
        self._states = {}
        self.settings: dict[tuple[str, str], Mapping[str, Any]] = {}
        """The contents of the state events in force that are no changes, by type and state key."""
        self._check_hooks()
        self._keep(keep)

    # What a family says.

    def facts_between(self, sender: str, target: str) -> Mapping[str, Value]:
        """The facts but for where the two users are, whether they are one, and what the event says itself."""
        raise NotImplementedError

    def refusal(self, event: Event) -> str:  # noqa: ARG002 - for others
        """Why an event that is no change may not be sent, in words; empty if it may. By default none may."""
        return "nobody may send such an event"

    # What all such rooms do.

    @property
    def policy(self) -> Policy[Any]:
        """The policy that judges its events."""
        return self._policy

    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: Policy[Any],
        participant: type[Who] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> Self:
        """A room in the state that these events describe, each taken as it stands.

        Raises `EventError` for an event that is malformed, no state event, of another room
        than the others, or given twice.
        """
        room = cls(policy=policy, participant=participant, facts=facts, keep=keep)
        seen: set[tuple[str, str]] = set()
        events = [plain(event) for event in state]
        # Where the creation puts its sender comes before where others have.
        order = sorted(range(len(events)), key=lambda place: not room._is_creation(events[place]))
        for place in order:
            try:
                room._take_once(events[place], seen)
            except EventError as problem:
                raise problem.within(f"state[{place}]") from None
        room._revision = 0
        return room

    def _take_once(self, value: JSON, seen: set[tuple[str, str]]) -> None:
        event = self._read_state(value)
        change = self._change(value)
        key = ("", change.target) if change else (event.type, event.state_key or "")
        if key in seen:
            raise EventError("", f"is a second `{shorten(event.type)}` for `{shorten(key[1])}`")
        seen.add(key)
        self._taken(value, None)

    def first_events(self, creator: str) -> list[JSON]:
        """The events with which somebody creates a room: the creation, if there is one."""
        return [] if self.syntax.creation is None else [write_state(self.syntax.creation, creator, {})]

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, malformed as it may be."""
        room_id = event.get("room_id")
        return room_id if type(room_id) is str else None

    def view(self, event: str | int, user: str) -> Decision:  # noqa: ARG002 - as the tools ask any room
        """Whether the user may be shown the event: never answered, since only changes are judged."""
        raise DefinitionError(f"policy `{self.policy.id}` judges changes only, not who may see what")

    def participation(self, user: str) -> Any:
        """Where a user stands; who was never heard of is in the initial state."""
        return self._states.get(user, self._policy.initial)

    def participations(self) -> dict[str, Any]:
        """Everybody who is not in the initial state, by user id, in the order of first mention."""
        with lock_of(self):
            return {user: state for user, state in self._states.items() if state != self._policy.initial}

    def facts(self, sender: str, target: str, **told: Value) -> Any:
        """What the policy may know about a change between these users; `told` is what the event says itself."""
        domain = self._policy.domain
        between = self._asked_of_family(self.facts_between, sender, target)
        if not isinstance(between, Mapping):
            raise self._misfit("facts_between", "facts by name", between)
        return domain.record(**{
            **domain.plain,
            "target": self.participation(target),
            "sender": self.participation(sender),
            "is_self": sender == target,
            **{name: value for name, value in between.items() if name in domain.values},
            **told,
        })  # fmt: skip

    def facts_of(self, event: Mapping[str, Any]) -> Any:
        """The facts by which a change is judged. Raises `EventError` for an event that is none."""
        value = plain(event)
        change = self._change(value) if self._read(value) else None
        if change is None:
            raise EventError("type", f"`{shorten(str(value['type']))}` is no change")
        return self.facts(change.sender, change.target, **change.facts)

    def actions(self, sender: str, target: str) -> dict[Any, str]:
        """What `sender` may do to `target` now: for each action allowed, and what it asks for, the transition's id."""
        asked = {
            " ".join((action.value, *(str(getattr(value, "value", value)) for value in told.values()))): told
            for action in self._policy.triggers
            for told in self.syntax.forms(self._policy, action)
        }
        decisions = {words: self.decide_action(words, sender, target) for words in asked}
        return {words: decision.transition for words, decision in decisions.items() if decision.transition}

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> JSON:
        """A change as an event. What it asks for follows the action, after blanks: `set outcast`."""
        return self.syntax.written(self._policy, action, sender, target, reason)

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(action, sender, target, None))

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None) -> Decision:
        """Write a change as an event, and send it. Raises `EventError` for an unknown action."""
        return self.send(self._written(action, sender, target, reason))

    def _written(self, action: str, sender: str, target: str, reason: str | None) -> JSON:
        return self._write(action, sender, target, reason)

    @property
    def _memory(self) -> Memory[Any]:
        return memory_of(self._policy)

    def _quick(self, event: Mapping[str, Any], *_: object, **__: object) -> Any:
        raise KeyError(event)

    def _change(self, value: Mapping[str, Any]) -> Change | None:
        return self.syntax.read(value, self._policy)

    def _is_creation(self, value: object) -> bool:
        return type(value) is dict and value.get("type") == self.syntax.creation

    def _read(self, value: JSON) -> Event:
        event = read_event(value)
        if event.room_id is not None and self.id is not None and event.room_id != self.id:
            raise EventError("room_id", f"`{shorten(event.room_id)}` is another room")
        target = self.syntax.target_of(value) if event.type in self.syntax.changes else None
        return event._replace(state_key=target) if type(target) is str else event

    def _read_state(self, value: JSON) -> Event:
        event = self._read(value)
        if event.state_key is None and event.type not in self.syntax.changes:
            raise EventError("state_key", "is missing: this is no state event")
        return event

    def _read_of(self, event: Event, value: JSON) -> Read:  # noqa: ARG002 - as any room reads
        return brief(json.dumps(event.content, sort_keys=True))

    def _asked(self, event: Event) -> str | None:
        action: str | None = self.syntax.action_of(event.as_json())
        return action

    @classmethod
    def _policy_in(cls, given: Mapping[str, Any], policy: Policy[Any] | None) -> Policy[Any]:
        if policy is None:
            raise EventError("policy", f"`{shorten(given['policy'])}` is not known here: name it by `policy`")
        return policy

    def _write_parts(self) -> JSON:
        return {"settings": typed_json.write(self.settings, self._parts["settings"])}

    def _read_parts(self, parts: Mapping[str, Any], states: Mapping[str, Any]) -> None:
        self._states = {**states}
        self.settings = parts["settings"]

    def _is_change(self, event_type: str) -> bool:
        return event_type in self.syntax.changes

    def _provided(self, value: JSON) -> dict[str, Value] | None:
        attached = self._attached
        if attached is None or attached.provider is None or type(value) is not dict:
            return None
        change = self._change(value) if value.get("type") in self.syntax.changes else None
        if change is None:
            return None
        told = self._asked_of_family(attached.provider, change.sender, change.target)
        return {name: self._policy.domain.parse(name, word) for name, word in told.items()}

    def _is_named(self, user: str) -> bool:
        return any(key == user for _, key in self.settings)

    def _drop(self, user: str) -> None:
        self._states.pop(user, None)

    def _founder(self, event: Event) -> tuple[str, Any] | None:
        is_put = event.type == self.syntax.creation and event.sender not in self._states
        return (event.sender, self.creator_state) if is_put else None

    def _reason_of(self, event: Event, value: JSON) -> str | None:
        change = self._change(value)
        return super()._reason_of(event, value) if change is None else change.reason

    def _known_answer(self, event: Event, value: JSON) -> Decision | None:
        past = self._past
        position = None if event.event_id is None or past is None else past.find(event.event_id)
        if position is None or past is None:
            return None
        known = past[position]
        said = (event.sender, event.type, event.state_key, self._read_of(event, value))
        if (known.sender, known.type, known.state_key, known.read) != said:
            raise another(event)
        return known.answer

    def _judge(self, event: Event, value: JSON, facts: Mapping[str, Value] | None = None) -> tuple[Decision, None]:
        return self._decision_on(event, value, facts), None

    def _decision_on(self, event: Event, value: JSON, facts: Mapping[str, Value] | None) -> Decision:
        change = self._change(value)
        if change is not None:
            told = self.facts(change.sender, change.target, **{**(facts or {}), **change.facts})
            known: dict[tuple[str, Any], Decision] = self._policy.derived(_none_yet)
            if (change.action, told) not in known:
                known[change.action, told] = self._memory.decide(change.action, told)
            return known[change.action, told]
        reason = f"the room is there already: `{event.type}` comes once" if self._is_again(event) else ""
        reason = reason or ("" if self._is_creation(value) else self._asked_of_family(self.refusal, event))
        if type(reason) is not str:
            raise self._misfit("refusal", "a text, which is empty where the event may be sent", reason)
        return Decision(allowed=not reason, reason=reason)

    def _asked_of_family(self, function: Callable[..., T], *given: Any) -> T:
        """What the family answers; whatever goes wrong in it is one line. Raises `DefinitionError`."""
        try:
            return function(*given)
        except PolicyError:
            raise
        except Exception as problem:  # it is the user's: anything may be wrong in it
            summary = shorten(" ".join(f"{type(problem).__name__}: {problem}".split()), 200)
            raise DefinitionError(
                f"policy `{self._policy.id}`: `{getattr(function, '__name__', 'facts')}` fails: {summary}"
            ) from problem

    def _misfit(self, function: str, wanted: str, given: object) -> DefinitionError:
        """That the family answers what it cannot answer."""
        return DefinitionError(
            f"policy `{self._policy.id}`: `{function}` must answer {wanted}, not {type(given).__name__}"
        )

    def _is_again(self, event: Event) -> bool:
        return event.type == self.syntax.creation and (event.type, "") in self.settings

    def _accept(self, event: Event, value: JSON, decision: Decision, after: None) -> None:  # noqa: ARG002 - as any room is told
        read = None if event.event_id is None else self._read_of(event, value)
        self._remember(event.event_id, event.sender, event.type, event.state_key, decision, read)
        self._apply(event, self._change(value), decision.after)

    def _take(self, event: Event, value: JSON) -> None:
        change = self._change(value)
        if change is not None and change.dest is None:
            raise EventError(self.syntax.destination, "does not say in which state the target is")
        read = None if event.event_id is None else self._read_of(event, value)
        self._remember(event.event_id, event.sender, event.type, event.state_key, GIVEN, read)
        self._apply(event, change, change and change.dest)

    def _apply(self, event: Event, change: Change | None, after: AnyState | None) -> None:
        if change is not None:
            self._states[change.target] = after
        elif event.state_key is not None:
            if event.type == self.syntax.creation:
                self._states.setdefault(event.sender, self.creator_state)
            self.settings[event.type, event.state_key] = event.content


def _none_yet(_: Policy[Any]) -> dict[tuple[str, Any], Decision]:
    """Decisions by action and facts: what the memory of the machine answers, checked once."""
    return {}
