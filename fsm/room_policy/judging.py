"""How a room with roles judges: the facts of a change, and the rules for what moves nobody.

Spec: draft-ietf-mimi-room-policy
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fsm.decision import Decision, judge, refuse
from fsm.errors import EventError, shorten
from fsm.event import Event, plain
from fsm.facts import Value, about_of
from fsm.memory import Memory, memory_of
from fsm.own_facts import Provider, weight_of
from fsm.participant import Who
from fsm.past import Read, brief
from fsm.room import BaseRoom, another, itself
from fsm.room_policy.components import Components
from fsm.room_policy.contents import Contents
from fsm.room_policy.events import (
    CREATE,
    PARTICIPANT,
    Change,
    components_of,
    read,
)
from fsm.room_policy.facts import RoleFacts
from fsm.room_policy.facts_of_events import facts_of_change, facts_of_update
from fsm.room_policy.policies import RolePolicy, policy_of
from fsm.room_policy.roles import Roles
from fsm.room_policy.rules import rules_of
from fsm.rule import Rule

_ALLOWED = Decision(allowed=True)
_FACTS = tuple(name for name in about_of(RoleFacts) if name not in ("target", "sender"))


class RoleJudging(BaseRoom[Who]):
    """Rooms that judge events by their own roles."""

    __slots__ = ("_contents", "_is_created", "_is_destroyed")

    copied_fields = {  # noqa: RUF012 - never changed
        **BaseRoom.copied_fields,
        "_contents": Contents.copy,
        "_is_created": itself,
        "_is_destroyed": itself,
    }

    def __init__(
        self,
        room_id: str | None = None,
        *,
        policy: RolePolicy | None = None,
        participant: type[Who] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> None:
        """A room that nobody has created yet: its first event has to be its creation."""
        super().__init__(room_id, participant, facts)
        helped = self._has_provider
        self._contents = Contents(
            policy_of(Roles()) if policy is None else RolePolicy.for_rooms(policy, has_provider=helped)
        )
        self._is_created = self._is_destroyed = False
        self._check_hooks()
        self._keep(keep)

    @property
    def policy(self) -> RolePolicy:
        """The policy that its roles are."""
        return self._contents.policy

    @property
    def _states(self) -> dict[str, Any]:
        return self._contents.states

    def participation(self, user: str) -> Any:
        """The role of a user, as a state; who is not listed is in role 0."""
        return self._contents.participation(user)

    def participations(self) -> dict[str, Any]:
        """Everybody who is in the participant list, by user, in the order of the list."""
        return dict(self._states)

    def clients(self, user: str) -> frozenset[str]:
        """The user's clients that are in the MLS group."""
        return frozenset(self._contents.clients(user))

    def facts_of(self, event: Mapping[str, Any]) -> RoleFacts:
        """The facts by which a change is judged. Raises `EventError` for an event that is none."""
        read: Any = self._read(plain(event))
        if not isinstance(read.said, Change):
            raise EventError("type", f"`{shorten(read.type)}` is no change of a participant")
        return facts_of_change(self._contents, read.said, read.sender, read.state_key)

    @property
    def _memory(self) -> Memory[RoleFacts]:
        return memory_of(self.policy)

    def _quick(self, event: Mapping[str, Any], *_: object, **__: object) -> Decision:  # noqa: ARG002 - there is no quick way here
        raise KeyError

    def _read(self, value: object) -> Event:
        event = read(value)
        self._expect_room(event)
        return event

    def _expect_room(self, event: Event) -> None:
        if None not in (event.room_id, self.id) and event.room_id != self.id:
            raise EventError("room_id", f"`{shorten(event.room_id or '')}` is another room")

    def _read_of(self, event: Any, value: dict[str, Any]) -> Read:  # noqa: ARG002 - as any room is asked
        try:
            return brief(json.dumps(event.content, sort_keys=True))
        except (RecursionError, TypeError, ValueError):
            raise EventError("content", "cannot be compared: it is no JSON, or nested too deeply") from None

    def _asked(self, event: Any) -> str | None:
        return event.said.move if isinstance(event.said, Change) else None

    @property
    def _rules_beside(self) -> Iterable[Rule[Any]]:
        rules: Mapping[str, Rule[Any]] = self.policy.derived(_rules)
        return rules.values()

    def _known_answer(self, event: Any, value: dict[str, Any]) -> Decision | None:
        if event.event_id is None or self._past is None:
            return None
        position = self._past.find(event.event_id)
        if position is None:
            return None
        known = self._past[position]
        is_same = (known.sender, known.type, known.state_key) == (event.sender, event.type, event.state_key)
        if not is_same or known.read != self._read_of(event, value):
            raise another(event)
        return known.answer

    def _judge(
        self,
        event: Any,
        value: dict[str, Any],  # noqa: ARG002 - as any room is asked
        facts: Mapping[str, Value] | None = None,
    ) -> tuple[Decision, None]:
        return self._decision_on(event, facts), None

    def _decision_on(self, event: Any, facts: Mapping[str, Value] | None) -> Decision:
        if self._is_destroyed:
            raise EventError("", "the room has been destroyed")
        if event.type == CREATE:
            return self._judge_creation(event)
        if not self._is_created:
            raise EventError("", "the room has not been created")
        if isinstance(event.said, Change):
            return self._judge_change(event.said, event.sender, event.state_key, facts)
        rules: Mapping[str, Rule[Any]] = self.policy.derived(_rules)
        return judge((rules[event.type],), facts_of_update(self._contents, event))

    def _judge_creation(self, event: Event) -> Decision:
        if self._is_created:
            raise EventError("type", "the room has been created before")
        facts = None if self._attached is None else self._attached.provider
        room = type(self)(self.id, policy=self.policy, facts=facts)
        room._create(event)  # noqa: SLF001 - it is tried in another room of the class
        return _ALLOWED

    def _judge_change(
        self, change: Change, sender: str, target: str, told: Mapping[str, Value] | None = None
    ) -> Decision:
        facts = facts_of_change(self._contents, change, sender, target)
        if not self.policy.transitions:  # there is no role that anybody could be in
            return refuse(self.policy, change.move, facts)
        known = {name: getattr(facts, name) for name in _FACTS}
        code = weight_of(self.policy, known if told is None else {**known, **told})
        return self._memory[change.move, facts.target, facts.sender, code]

    def _parties(self, value: dict[str, Any]) -> tuple[str, str] | None:
        sender, target = value.get("sender"), value.get("state_key")
        is_change = value.get("type") == PARTICIPANT and type(sender) is str and type(target) is str
        return (sender, target) if is_change else None  # type: ignore[return-value]  # both are texts

    def _create(self, event: Event) -> None:
        """Begin with the components of a creation. Raises `EventError`, and changes nothing that counts then."""
        components = components_of(event.content)
        if "roles_list" not in components and not self.policy.transitions:
            raise EventError("content.roles_list", "is missing")
        if "roles_list" in components:
            self._contents.set_to = Components()
        for name, content in components.items():
            self._contents.take(name, content, f"content.{name}")
        self._is_created = True

    def _is_change(self, event_type: str) -> bool:
        return event_type == PARTICIPANT


def _rules(policy: RolePolicy) -> Mapping[str, Rule[Any]]:
    return rules_of(policy.roles)
