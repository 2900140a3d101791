"""A room with roles of its own: events in, decisions out.

Theory of operation. The room's role definitions are its policy (`fsm.room_policy.policies`);
an accepted update of them gives the room another one. Beside it the room keeps who is in
which role, which clients are in the MLS group, what it is set to, and how many
participants each role has. A question is answered in two steps: the facts, for which
numbers are compared as they would be afterwards, and one look-up in the memory of the
policy's machine. Events that move nobody are judged by rules (`fsm.room_policy.rules`).

How it judges stands in `fsm.room_policy.judging`, commits in `fsm.room_policy.commits`.
Proposals and commits are judged alike, against the room as it stands. The host checks what is
signed, and whether a join link has expired.

Spec: draft-ietf-mimi-room-policy
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self, Unpack, overload

from fsm import typed_json
from fsm.decision import Decision
from fsm.errors import DefinitionError, EventError
from fsm.event import Event, checked_word, plain, write_state
from fsm.observers import Observer
from fsm.own_facts import Provider
from fsm.participant import Other, Participant, Who
from fsm.past import GIVEN
from fsm.room import Attachments
from fsm.room_policy.commits import RoleCommits, within
from fsm.room_policy.components import BasePolicy, Code, Components, Preauthorization, Preauthorizations
from fsm.room_policy.events import (
    CREATE,
    PARTICIPANT,
    Change,
    read,
    read_component,
)
from fsm.room_policy.facts import Move
from fsm.room_policy.policies import COOPERATIVE, MODERATED, ORGANIZATIONS, STRICT, RolePolicy, policy_of
from fsm.room_policy.roles import OUTSIDE, Roles
from fsm.state import State

if TYPE_CHECKING:
    from fsm.room_policy.lint.differences import Preview


class RoleRoom(RoleCommits[Who]):
    """One room whose roles are its own.

    `policy` has the roles where the creation or the state brings none. `participant` is
    the class of the participants that the room hands out. `facts` provides those that the policy looks at, and that no
    room works out: a function of sender and target.
    """

    __slots__ = ()

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

    @overload
    @classmethod
    def create(
        cls: "type[RoleRoom[Participant]]",
        room_id: str | None,
        creator: str,
        *,
        policy: RolePolicy,
        role: int | None = ...,
        participant: type[Other],
        **more: Unpack[Attachments],
    ) -> "RoleRoom[Other]": ...
    @overload
    @classmethod
    def create(
        cls,
        room_id: str | None,
        creator: str,
        *,
        policy: RolePolicy,
        role: int | None = ...,
        participant: type[Who] | None = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def create(  # noqa: PLR0913 - all but the first two have a meaning only for some
        cls,
        room_id: str | None,
        creator: str,
        *,
        policy: RolePolicy,
        role: int | None = None,
        participant: type[Any] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> "RoleRoom[Any]":
        """A new room with the roles of a policy, and the creator in one of them, if that is told.

        Raises `EventError` for what is no user, and for a role that is not defined.
        """
        room = cls(room_id, policy=policy, participant=participant, facts=facts, keep=keep)
        for event in room.first_events(creator, role=role):
            room.send(event)
        return room

    def first_events(self, creator: str, *, role: int | None = None) -> list[dict[str, Any]]:
        """The events with which somebody creates a room, and comes into a role of it, if that is told."""
        users = [] if role is None else [{"user": creator, "role_index": role}]
        return [write_state(CREATE, creator, {"participant_list": {"participants": users}})]

    @overload
    @classmethod
    def from_state(
        cls: "type[RoleRoom[Participant]]",
        state: Iterable[object],
        *,
        policy: RolePolicy | None = ...,
        participant: type[Other],
        **more: Unpack[Attachments],
    ) -> "RoleRoom[Other]": ...
    @overload
    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: RolePolicy | None = ...,
        participant: type[Who] | None = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: RolePolicy | None = None,
        participant: type[Any] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> "RoleRoom[Any]":
        """A room in the state that these events describe, one for each component, in any order.

        The roles are those of the state, else those of `policy`. Raises `EventError` for an event that cannot be
        read, is no component, or comes twice, and where there are no roles.
        """
        room = cls(policy=policy, participant=participant, facts=facts, keep=keep)
        given: dict[str, tuple[str, Event, dict[str, Any]]] = {}
        for number, value in enumerate(state):
            place = f"state[{number}]"
            with within(place):
                event = read_component(read_plain := plain(value))
                if event.type in given:
                    raise EventError("", f"is a second `{event.type}`")
                given[event.type] = place, event, read_plain
        if policy is None and "roles_list" not in given:
            raise EventError("state", "has no `roles_list`")
        if "roles_list" in given:
            room._contents.set_to = Components()  # what a policy of a file says goes with its roles
        for place, event, value in sorted(given.values(), key=lambda each: each[1].type != "roles_list"):
            with within(place):
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

        `roles` is what a `roles_list` holds, or the event that would set it. Raises `DefinitionError` for what defines
        no roles.
        """
        from fsm.room_policy.lint.differences import preview  # noqa: PLC0415 - few need it

        if isinstance(roles, Mapping) and roles.get("type") == "roles_list":
            roles = roles.get("content")
        mine = self.policy
        new = policy_of(roles, id=mine.id, preauthorizations=mine.preauthorizations, base=mine.base)
        return preview(self.policy, new, {user: int(state.word) for user, state in self._contents.states.items()})

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, as far as it tells, malformed as it may be."""
        room_id = event.get("room_id")
        return room_id if type(room_id) is str else None

    def view(self, event: str | int, user: str) -> Decision:  # noqa: ARG002 - as the tools ask any room
        """Whether the user may be shown the event: never answered, since history is not judged."""
        raise DefinitionError(f"policy `{self.policy.id}` does not say who may see what")

    def decide_action(self, action: str, sender: str, target: str, **more: Any) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(checked_word(action, "action", tuple(Move)), sender, target, None, **more))

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None, **more: Any) -> Decision:
        """Write what is to happen to a user as an event, and send it: `more` is what its content says besides.

            room.send_action("change_role", "ann", "sue", role_index=1, remove_clients=True)

        Raises `EventError` for an unknown action, and for content that cannot be read.
        """
        return self.send(self._written(action, sender, target, reason, **more))

    def _written(self, action: str, sender: str, target: str, reason: str | None, **more: Any) -> dict[str, Any]:
        return self._write(checked_word(action, "action", tuple(Move)), sender, target, reason, **more)

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

    def _write(self, action: str, sender: str, target: str, reason: str | None, **more: Any) -> dict[str, Any]:
        content = {"action": str(action), **more} | ({} if reason is None else {"reason": reason})
        return write_state(PARTICIPANT, sender, content, target)

    def _read_state(self, value: object) -> Event:
        named = value.get("type") if type(value) is dict else None
        is_whole = type(named) is str and named in (CREATE, PARTICIPANT)
        event = read(value) if is_whole else read_component(value)
        self._expect_room(event)
        return event

    @overload
    @classmethod
    def restore(
        cls: "type[RoleRoom[Participant]]",
        snapshot: object,
        deltas: Iterable[object] = ...,
        *,
        policy: RolePolicy | None = ...,
        participant: type[Other],
        observers: Iterable[Observer] = ...,
        **more: Unpack[Attachments],
    ) -> "RoleRoom[Other]": ...
    @overload
    @classmethod
    def restore(
        cls,
        snapshot: object,
        deltas: Iterable[object] = ...,
        *,
        policy: RolePolicy | None = ...,
        participant: type[Who] | None = ...,
        observers: Iterable[Observer] = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def restore(cls, snapshot: object, deltas: Iterable[object] = (), **attached: Any) -> Any:
        """The room of which this is the `snapshot`: see `fsm.room.BaseRoom.restore`. The policy is of this family."""
        return super().restore(snapshot, deltas, **attached)

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

    def _is_named(self, user: str) -> bool:
        return bool(self._contents.group.get(user))

    @property
    def _hookable(self) -> Iterable[RolePolicy]:
        return (self.policy, COOPERATIVE, STRICT, MODERATED, ORGANIZATIONS)

    def _is_hook(self, name: str) -> bool:
        way, _, index = name.rpartition("_")
        return (way in {"on_enter", "on_exit"} and index.isdecimal()) or super()._is_hook(name)  # roles come and go

    def _accept(self, event: Any, value: dict[str, Any], decision: Decision, after: None) -> None:  # noqa: ARG002 - as any room is told
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


Room = RoleRoom


_OF_A_POLICY = ("roles", "title", "source", "begins_with")
"""What of a snapshot is of the policy."""
