"""A room with roles of its own: events in, decisions out.

Theory of operation. The room's role definitions are its policy (`fsm.room_policy.policies`);
an accepted update of them gives the room another one. Beside it the room keeps who is in
which role, which clients are in the MLS group, what it is set to, and how many
participants each role has. A question is answered in two steps: the facts, for which
numbers are compared as they would be afterwards, and one look-up in the memory of the
policy's machine. Events that move nobody are judged by rules (`fsm.room_policy.rules`).

Proposals and commits are judged alike, against the room as it stands. The host checks
what is signed, and whether a join link has expired.

Spec: draft-ietf-mimi-room-policy
"""
# ruff: noqa: SLF001 - commits and creations are tried in another room of the class

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from fsm import typed_json
from fsm.change import Change as Told
from fsm.decision import Decision, judge, refuse
from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import Event, checked_word, plain, write_state
from fsm.facts import Value, about_of
from fsm.locks import lock_of
from fsm.machine import Memory, memory_of
from fsm.observers import tell
from fsm.own_facts import Provider, weight_of
from fsm.participant import PLAIN, Who
from fsm.past import GIVEN, Read, brief
from fsm.room import BaseRoom, another
from fsm.room_policy.components import BasePolicy, Code, Components, Preauthorization, Preauthorizations
from fsm.room_policy.contents import Contents
from fsm.room_policy.events import (
    CREATE,
    PARTICIPANT,
    Beside,
    Change,
    Update,
    components_of,
    read,
    read_component,
)
from fsm.room_policy.facts import Move, RoleFacts
from fsm.room_policy.judged import facts_of_change, facts_of_update
from fsm.room_policy.policies import COOPERATIVE, MODERATED, ORGANIZATIONS, STRICT, RolePolicy, policy_of
from fsm.room_policy.roles import OUTSIDE, Roles
from fsm.room_policy.rules import rules_of
from fsm.rule import Rule
from fsm.state import State

if TYPE_CHECKING:
    from fsm.room_policy.lint.differences import Preview

_ALLOWED = Decision(allowed=True)
_NO_CLIENTS: frozenset[str] = frozenset()


class RoleRoom(BaseRoom[Who]):
    """One room whose roles are its own.

    `policy` has the roles where the creation or the state brings none. `participant` is
    the class of the participants that the room hands out. `facts` provides those that the policy looks at, and that no
    room works out: a function of sender and target.
    """

    __slots__ = ("_contents", "_is_created", "_is_destroyed")

    snapshot_format = "fsm.room_policy.room"
    changes_policy = True
    _parts = {  # noqa: RUF012 - never changed
        "roles": Roles,
        "title": str,
        "source": str,
        "begins_with": tuple[tuple[Preauthorization, ...], BasePolicy | None],
        "preauthorizations": tuple[Preauthorization, ...],
        "codes": frozenset[Code],
        "base": BasePolicy,
        "metadata": dict[str, str],
        "group": dict[str, set[str]],
        "is_created": bool,
        "is_destroyed": bool,
    }

    def __init__(
        self,
        room_id: str | None = None,
        *,
        policy: RolePolicy | None = None,
        participant: type[Who] = PLAIN,
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

    @classmethod
    def create(  # noqa: PLR0913 - all but the first two have a meaning only for some
        cls,
        room_id: str | None,
        creator: str,
        *,
        policy: RolePolicy,
        role: int | None = None,
        participant: type[Who] = PLAIN,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> Self:
        """A new room with the roles of a policy, and the creator in one of them, if that is told.

        Raises `EventError` for what is no user, and for a role that is not defined.
        """
        room = cls(room_id, policy=policy, participant=participant, facts=facts, keep=keep)
        users = [] if role is None else [{"user": creator, "role_index": role}]
        room.send(write_state(CREATE, creator, {"participant_list": {"participants": users}}))
        return room

    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: RolePolicy | None = None,
        participant: type[Who] = PLAIN,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> Self:
        """A room in the state that these events describe, one for each component, in any order.

        The roles are those of the state, else those of `policy`. Raises `EventError` for an event that cannot be
        read, is no component, or comes twice, and where there are no roles.
        """
        room = cls(policy=policy, participant=participant, facts=facts, keep=keep)
        given: dict[str, tuple[str, Event, dict[str, Any]]] = {}
        for number, value in enumerate(state):
            place = f"state[{number}]"
            with _within(place):
                event = read_component(read_plain := plain(value))
                if event.type in given:
                    raise EventError("", f"is a second `{event.type}`")
                given[event.type] = place, event, read_plain
        if policy is None and "roles_list" not in given:
            raise EventError("state", "has no `roles_list`")
        if "roles_list" in given:
            room._contents.set_to = Components()  # what a policy of a file says goes with its roles
        for place, event, value in sorted(given.values(), key=lambda each: each[1].type != "roles_list"):
            with _within(place):
                room._expect_room(event)
                room._note_id(event)
                room._contents.take(event.type, event.content, "content")
                room._remember_given(event, value)
        room._is_created = True
        return room

    def current_state(self) -> tuple[dict[str, Any], ...]:
        """The events of which `from_state` makes this room, one for each component."""
        return tuple(write_state(name, "hub", content) for name, content in self._contents.components().items())

    def preview(self, roles: object) -> "Preview":
        """What an update of the role definitions would change, and for whom; nothing changes.

        `roles` is what a `roles_list` holds. Raises `DefinitionError` for what defines no roles.
        """
        from fsm.room_policy.lint.differences import preview  # noqa: PLC0415 - few need it

        new = policy_of(roles, id=self.policy.id)
        return preview(self.policy, new, {user: int(state.word) for user, state in self._contents.states.items()})

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, as far as it tells, malformed as it may be."""
        room_id = event.get("room_id")
        return room_id if type(room_id) is str else None

    def decide_many(self, events: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
        """What `send_many` would answer; nothing changes."""
        values = [plain(event) for event in events]
        with lock_of(self):
            return tuple(decision for _, decision in self._judge_many(values))

    def send_many(self, events: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
        """Decide on the events of one commit, in their order, and apply them when all are allowed.

        Each is judged by itself, in the room that those allowed before it make. An update of roles or of
        preauthorizations is beside all changes of the participant list that the commit contains. Raises `EventError`
        for an event that cannot be read, and where a commit changes the same entry of the list twice.
        """
        values = [plain(event) for event in events]
        attached = self._ready()
        with lock_of(self):
            judged = self._judge_many(values)
            decisions = tuple(decision for _, decision in judged)
            is_sent, begins, changes = all(decisions), False, list[Told]()
            for value, (event, decision) in zip(values, judged, strict=True):
                is_known = self._known_answer(event, value) is not None
                if is_known or decision.allowed is not is_sent:
                    continue
                changes.append(self._record(event, value, decision))
                if is_sent:
                    self._enter(event, value, decision)
                begins |= attached.put(self, changes[-1])
        if begins:
            tell(self, attached, changes[-1])
        return decisions

    def _judge_many(self, values: Iterable[dict[str, Any]]) -> list[tuple[Any, Decision]]:
        """The events of a commit, each with its decision."""
        events, touched = [], dict[str | None, Beside]()
        for number, value in enumerate(values):
            with _within(f"events[{number}]"):
                event: Any = self._read(value)
                if isinstance(event.said, Change) and event.said.move in _OF_THE_LIST:
                    # Spec: "operate on (add, remove, or change the role of) the same user […] more than once"
                    if event.state_key in touched:
                        raise EventError("state_key", f"`{shorten(event.state_key)}` changes twice in one commit")
                    touched[event.state_key] = _OF_THE_LIST[event.said.move]
                events.append((event, value))
        room, judged, beside = self._copy(), [], frozenset(touched.values())
        for event, value in events:
            decision = self._known_answer(event, value)
            if decision is None:
                if isinstance(event.said, Update):
                    event = event._replace(said=replace(event.said, beside=event.said.beside | beside))  # noqa: PLW2901
                decision = room._judge(event, value)
                if decision:
                    room._accept(event, value, decision)
            judged.append((event, decision))
        return judged

    def _copy(self) -> Self:
        """A room in the same state, of which nothing is shared that changes."""
        room = type(self)(self.id)
        room._is_created, room._is_destroyed = self._is_created, self._is_destroyed
        room._contents = self._contents.copy()
        return room

    def view(self, event: str | int, user: str) -> Decision:  # noqa: ARG002 - as the tools ask any room
        """Whether the user may be shown the event: never answered, since history is not judged."""
        raise DefinitionError(f"policy `{self.policy.id}` does not say who may see what")

    def participation(self, user: str) -> Any:
        """The role of a user, as a state; who is not listed is in role 0."""
        return self._contents.participation(user)

    def participations(self) -> dict[str, Any]:
        """Everybody who is in the participant list, by user, in the order of the list."""
        return dict(self._states)

    def clients(self, user: str) -> frozenset[str]:
        """The user's clients that are in the MLS group."""
        return frozenset(self._contents.clients(user))

    def decide_action(self, action: str, sender: str, target: str, **more: Any) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(checked_word(action, "action", tuple(Move)), sender, target, None, **more))

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None, **more: Any) -> Decision:
        """Write what is to happen to a user as an event, and send it: `more` is what its content says besides.

            room.send_action("change_role", "ann", "sue", role_index=1, remove_clients=True)

        Raises `EventError` for an unknown action, and for content that cannot be read.
        """
        return self.send(self._write(checked_word(action, "action", tuple(Move)), sender, target, reason, **more))

    def actions(self, sender: str, target: str) -> dict[Any, str]:
        """What `sender` may do to `target` now: the row by action, and by action and role where it takes one."""
        found: dict[Any, str] = {}
        before = self.participation(target)
        roles = [state.value for state in self.policy.states if state.value != OUTSIDE]
        for move in Move:
            if move is Move.ADD_CLIENTS:
                continue  # it takes a client
            leads = move in (Move.ADD, Move.CHANGE_ROLE)
            for role in roles if leads else [None]:
                more = {"role_index": role} if leads else {}
                decision = self.decide_action(move, sender, target, **more)
                if decision.transition and (not leads or decision.after != before or move is Move.ADD):
                    found[(move, role) if leads else move] = decision.transition
        return found

    def facts_of(self, event: Mapping[str, Any]) -> RoleFacts:
        """The facts by which a change is judged. Raises `EventError` for an event that is none."""
        read = self._read(plain(event))
        if not isinstance(read.said, Change):
            raise EventError("type", f"`{shorten(read.type)}` is no change of a participant")
        return facts_of_change(self._contents, read.said, read.sender, read.state_key or "")

    def facts(self, sender: str, target: str) -> RoleFacts:
        """What the policy may know where the target is to be removed."""
        return facts_of_change(
            self._contents, Change(Move.REMOVE, None, None, False, None, frozenset()), sender, target
        )

    @property
    def _memory(self) -> Memory[RoleFacts]:
        return memory_of(self.policy)

    def _quick(self, event: Mapping[str, Any]) -> Decision:  # noqa: ARG002 - there is no quick way here
        raise KeyError

    def _write(self, action: str, sender: str, target: str, reason: str | None, **more: Any) -> dict[str, Any]:
        content = {"action": str(action), **more} | ({} if reason is None else {"reason": reason})
        return write_state(PARTICIPANT, sender, content, target)

    def _read(self, value: object) -> Event:
        event = read(value)
        self._expect_room(event)
        return event

    def _read_state(self, value: object) -> Event:
        named = type(value) is dict and value.get("type")
        event = read(value) if named in (CREATE, PARTICIPANT) else read_component(value)
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

    @classmethod
    def _policy_in(cls, given: Mapping[str, Any], policy: RolePolicy | None) -> RolePolicy:
        if policy is not None and policy.id == given["policy"]:
            return policy
        roles, title, source, begins = (typed_json.read(given[name], cls._parts[name], name) for name in _OF_A_POLICY)
        entries, base = begins
        return policy_of(roles, id=given["policy"], title=title, source=source, preauthorizations=entries, base=base)

    def _write_parts(self) -> dict[str, Any]:
        policy, contents, set_to = self.policy, self._contents, self._contents.set_to
        begins = policy.preauthorizations, policy.base
        of_policy = (policy.roles, policy.title, policy.source, begins)
        of_room = (set_to.preauthorizations.entries, set_to.codes, set_to.base, set_to.metadata, contents.group)
        told = zip(self._parts, (*of_policy, *of_room, self._is_created, self._is_destroyed), strict=True)
        return {name: typed_json.write(value, self._parts[name]) for name, value in told}

    def _read_parts(self, parts: Mapping[str, Any], states: Mapping[str, State]) -> None:
        if parts["roles"] != self.policy.roles:
            raise EventError("roles", f"are not those of policy `{self.policy.id}`")
        self._is_created, self._is_destroyed = parts["is_created"], parts["is_destroyed"]
        entries = Preauthorizations.of(parts["preauthorizations"])
        set_to = Components(entries, parts["codes"], parts["base"], parts["metadata"])
        self._contents.hold({**states}, parts["group"], set_to)

    @property
    def _rules_beside(self) -> Iterable[Rule[Any]]:
        rules: Mapping[str, Rule[Any]] = self.policy.derived(_rules)
        return rules.values()

    def _is_change(self, event_type: str) -> bool:
        return event_type == PARTICIPANT

    def _is_named(self, user: str) -> bool:
        return bool(self._contents.group.get(user))

    @property
    def _hookable(self) -> Iterable[RolePolicy]:
        return (self.policy, COOPERATIVE, STRICT, MODERATED, ORGANIZATIONS)

    def _is_hook(self, name: str) -> bool:
        way, _, index = name.rpartition("_")
        return (way in {"on_enter", "on_exit"} and index.isdecimal()) or super()._is_hook(name)  # roles come and go

    def _parties(self, value: dict[str, Any]) -> tuple[str, str] | None:
        sender, target = value.get("sender"), value.get("state_key")
        is_change = value.get("type") == PARTICIPANT and type(sender) is str and type(target) is str
        return (sender, target) if is_change else None  # type: ignore[return-value]  # both are texts

    def _known_answer(self, event: Any, value: dict[str, Any]) -> Decision | None:
        past = self._past
        position = None if event.event_id is None or past is None else past.find(event.event_id)
        if past is None or position is None:
            return None
        known = past[position]
        is_same = (known.sender, known.type, known.state_key) == (event.sender, event.type, event.state_key)
        if not is_same or known.read != self._read_of(event, value):
            raise another(event)
        return known.answer

    def _judge(self, event: Any, value: dict[str, Any], facts: Mapping[str, Value] | None = None) -> Decision:  # noqa: ARG002 - as any room is asked
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
        room = type(self)(self.id, policy=self.policy if self.policy.transitions else None)
        room._create(event)
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

    def _accept(self, event: Any, value: dict[str, Any], decision: Decision) -> None:
        read_content = self._read_if_kept(event, value)
        if event.type == CREATE:
            self._create(event)
        elif isinstance(event.said, Change):
            self._contents.apply(event.said, event.state_key)
        elif event.type == "destroy_room":
            self._is_destroyed = True
        elif event.said.value is not None:
            self._contents.take(event.type, event.content, "content")
        self._remember(event.event_id, event.sender, event.type, event.state_key, decision, read_content)

    def _take(self, event: Any, value: dict[str, Any]) -> None:
        if event.type == CREATE:
            self._create(event)
        elif isinstance(event.said, Change):
            if self._contents.state(event.said.role).word != (event.said.role or OUTSIDE):
                raise EventError("content.role_index", f"no role has the index {event.said.role}")
            self._contents.apply(event.said, event.state_key)
        else:
            self._contents.take(event.type, event.content, "content")
        self._remember_given(event, value)

    def _remember_given(self, event: Any, value: dict[str, Any]) -> None:
        read_content = self._read_if_kept(event, value)
        self._remember(event.event_id, event.sender, event.type, event.state_key, GIVEN, read_content)

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


Room = RoleRoom

_FACTS = tuple(name for name in about_of(RoleFacts) if name not in ("target", "sender"))

_OF_A_POLICY = ("roles", "title", "source", "begins_with")
"""What of a snapshot is of the policy."""

_OF_THE_LIST: Mapping[Move, Beside] = {
    Move.ADD: Beside.ADD,
    Move.REMOVE: Beside.REMOVE,
    Move.CHANGE_ROLE: Beside.CHANGE_ROLE,
}
"""The moves that change the participant list."""


def _rules(policy: RolePolicy) -> Mapping[str, Rule[Any]]:
    return rules_of(policy.roles)


@contextmanager
def _within(place: str) -> Iterator[None]:
    """Say of an error where in the input it is."""
    try:
        yield
    except EventError as problem:
        raise problem.within(place) from None
