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
from typing import Any, Self

from fsm.decision import Decision, judge, refuse
from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import checked_word, plain, write_state
from fsm.facts import EVENT, about_of
from fsm.locks import lock_of
from fsm.machine import Memory, Participant, memory_of
from fsm.past import GIVEN, Read, brief
from fsm.room import BaseRoom, another
from fsm.room_policy.components import (
    METADATA,
    Claim,
    Components,
    first_match,
    read_base_policy,
    read_group,
    read_join_links,
    read_metadata,
    read_participants,
    read_preauthorizations,
)
from fsm.room_policy.events import (
    CREATE,
    PARTICIPANT,
    Beside,
    Change,
    RoleEvent,
    Update,
    components_of,
    read,
    read_component,
)
from fsm.room_policy.facts import Clients, Move, RoleFacts
from fsm.room_policy.policies import FAMILY, RolePolicy, policy_of
from fsm.room_policy.roles import BANNED, OUTSIDE, RoleList, Roles, read_roles
from fsm.room_policy.rules import UpdateFacts, rules_of
from fsm.rule import Rule
from fsm.state import State

_ALLOWED = Decision(allowed=True)
_NO_CLIENTS: frozenset[str] = frozenset()


class RoleRoom(BaseRoom):
    """One room whose roles are its own.

    `policy` has the roles where the creation or the state brings none. `participant` is
    the class of the models that the room hands out.
    """

    __slots__ = ("_active", "_counts", "_group", "_is_created", "_is_destroyed", "_set", "_states", "policy")

    _states: dict[str, Any]

    def __init__(
        self,
        room_id: str | None = None,
        *,
        policy: RolePolicy | None = None,
        participant: type[Participant] = Participant,
    ) -> None:
        """A room that nobody has created yet: its first event has to be its creation."""
        super().__init__(room_id, participant)
        self.policy: RolePolicy = RolePolicy.for_rooms(policy) if policy is not None else policy_of(Roles())
        self._states = {}
        self._is_created = self._is_destroyed = False
        self._group: dict[str, set[str]] = {}
        self._counts: dict[int, int] = {}
        self._active: dict[int, int] = {}
        self._set = Components()

    @classmethod
    def create(
        cls,
        room_id: str | None,
        creator: str,
        *,
        policy: RolePolicy,
        role: int | None = None,
        participant: type[Participant] = Participant,
    ) -> Self:
        """A new room with the roles of a policy, and the creator in one of them, if that is told.

        Raises `EventError` for what is no user, and for a role that is not defined.
        """
        room = cls(room_id, policy=policy, participant=participant)
        users = [] if role is None else [{"user": creator, "role_index": role}]
        room.send(write_state(CREATE, creator, {"participant_list": {"participants": users}}))
        return room

    @classmethod
    def from_state(cls, state: Iterable[object], *, policy: RolePolicy | None = None) -> Self:
        """A room in the state that these events describe, one for each component, in any order.

        The roles are those of the state, else those of `policy`. Raises `EventError` for an event that cannot be
        read, is no component, or comes twice, and where there are no roles.
        """
        room = cls(policy=policy)
        given: dict[str, tuple[str, RoleEvent, dict[str, Any]]] = {}
        for number, value in enumerate(state):
            place = f"state[{number}]"
            with _within(place):
                event = read_component(read_plain := plain(value))
                if event.type in given:
                    raise EventError("", f"is a second `{event.type}`")
                given[event.type] = place, event, read_plain
        if policy is None and "roles_list" not in given:
            raise EventError("state", "has no `roles_list`")
        for place, event, value in sorted(given.values(), key=lambda each: each[1].type != "roles_list"):
            with _within(place):
                room._expect_room(event)
                room._note_id(event)
                room._give(event.type, event.content, "content")
                room._remember_given(event, value)
        room._is_created = True
        return room

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, as far as it tells, malformed as it may be."""
        room_id = event.get("room_id")
        return room_id if type(room_id) is str else None

    def decide_many(self, events: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
        """What `send_many` would answer; nothing changes."""
        values = [plain(event) for event in events]
        with lock_of(self):
            return tuple(decision for _, decision, _ in self._judge_many(values))

    def send_many(self, events: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
        """Decide on the events of one commit, in their order, and apply them when all are allowed.

        Each is judged by itself, in the room that those allowed before it make. An update of roles or of
        preauthorizations is beside all changes of the participant list that the commit contains. Raises `EventError`
        for an event that cannot be read, and where a commit changes the same entry of the list twice.
        """
        values = [plain(event) for event in events]
        with lock_of(self):
            judged = self._judge_many(values)
            decisions = tuple(decision for _, decision, _ in judged)
            is_sent = all(decisions)
            for value, (event, decision, _) in zip(values, judged, strict=True) if is_sent else ():
                if self._known_answer(event, value) is None:
                    self._note_id(event)
                    self._accept(event, value, decision)
        for event, decision, facts in judged if is_sent and self._participant.has_callbacks else ():
            if facts is not None:
                self._tell(event.said.move, event.state_key, decision, facts)
        return decisions

    def _judge_many(self, values: Iterable[dict[str, Any]]) -> list[tuple[Any, Decision, RoleFacts | None]]:
        """The events of a commit, each with its decision and, for a change that is new, its facts."""
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
            facts = None
            decision = self._known_answer(event, value)
            if decision is None:
                if isinstance(event.said, Update):
                    event = replace(event, said=replace(event.said, beside=event.said.beside | beside))  # noqa: PLW2901
                else:
                    facts = room._facts_of(event, value) if event.said else None
                decision = room._judge(event, value)
                if decision:
                    room._accept(event, value, decision)
            judged.append((event, decision, facts))
        return judged

    def _copy(self) -> Self:
        """A room in the same state, of which nothing is shared that changes."""
        room = type(self)(self.id, policy=self.policy)
        room._is_created, room._is_destroyed, room._set = self._is_created, self._is_destroyed, self._set
        room._states = dict(self._states)
        room._group = {user: set(clients) for user, clients in self._group.items()}
        room._counts, room._active = dict(self._counts), dict(self._active)
        return room

    def view(self, event: str | int, user: str) -> Decision:  # noqa: ARG002 - as the tools ask any room
        """Whether the user may be shown the event: never answered, since history is not judged."""
        raise DefinitionError(f"policy `{self.policy.id}` does not say who may see what")

    def participation(self, user: str) -> Any:
        """The role of a user, as a state; who is not listed is in role 0."""
        return self._states.get(user, self.policy.initial)

    def participations(self) -> dict[str, Any]:
        """Everybody who is in the participant list, by user, in the order of the list."""
        return dict(self._states)

    def clients(self, user: str) -> frozenset[str]:
        """The user's clients that are in the MLS group."""
        return frozenset(self._group.get(user, ()))

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

    def facts(self, sender: str, target: str) -> RoleFacts:
        """What the policy may know where the target is to be removed."""
        return self._facts(Change(Move.REMOVE, None, None, False, None, frozenset()), sender, target)

    @property
    def _memory(self) -> Memory[RoleFacts]:
        return memory_of(self.policy)

    def _quick(self, event: Mapping[str, Any]) -> Decision:  # noqa: ARG002 - there is no quick way here
        raise KeyError

    def _write(self, action: str, sender: str, target: str, reason: str | None, **more: Any) -> dict[str, Any]:
        content = {"action": str(action), **more} | ({} if reason is None else {"reason": reason})
        return write_state(PARTICIPANT, sender, content, target)

    def _read(self, value: object) -> RoleEvent:
        event = read(value)
        self._expect_room(event)
        return event

    def _read_state(self, value: object) -> RoleEvent:
        named = type(value) is dict and value.get("type")
        event = read(value) if named in (CREATE, PARTICIPANT) else read_component(value)
        self._expect_room(event)
        return event

    def _expect_room(self, event: RoleEvent) -> None:
        if None not in (event.room_id, self.id) and event.room_id != self.id:
            raise EventError("room_id", f"`{shorten(event.room_id or '')}` is another room")

    def _read_of(self, event: Any, value: dict[str, Any]) -> Read:  # noqa: ARG002 - as any room is asked
        try:
            return brief(json.dumps(event.content, sort_keys=True))
        except (RecursionError, TypeError, ValueError):
            raise EventError("content", "cannot be compared: it is no JSON, or nested too deeply") from None

    def _asked(self, event: Any) -> str | None:
        return event.said.move if isinstance(event.said, Change) else None

    def _facts_of(self, event: Any, value: dict[str, Any]) -> RoleFacts:  # noqa: ARG002 - as any room is asked
        return self._facts(event.said, event.sender, event.state_key)

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

    def _judge(self, event: Any, value: dict[str, Any]) -> Decision:  # noqa: ARG002 - as any room is asked
        if self._is_destroyed:
            raise EventError("", "the room has been destroyed")
        if event.type == CREATE:
            return self._judge_creation(event)
        if not self._is_created:
            raise EventError("", "the room has not been created")
        if isinstance(event.said, Change):
            return self._judge_change(event.said, event.sender, event.state_key)
        rules: Mapping[str, Rule[Any]] = self.policy.derived(_rules)
        return judge((rules[event.type],), self._update_facts(event))

    def _judge_creation(self, event: RoleEvent) -> Decision:
        if self._is_created:
            raise EventError("type", "the room has been created before")
        room = type(self)(self.id, policy=self.policy if self.policy.transitions else None)
        room._create(event)
        return _ALLOWED

    def _judge_change(self, change: Change, sender: str, target: str) -> Decision:
        facts = self._facts(change, sender, target)
        if not self.policy.transitions:  # there is no role that anybody could be in
            return refuse(self.policy, change.move, facts)
        weights = self.policy.domain.weights
        code = sum(weight[getattr(facts, name)] for name, weight in weights.items())
        return self._memory[change.move, facts.target, facts.sender, code]

    def _acting(self, sender: str, claims: frozenset[Claim]) -> State:
        """The role in which a sender acts: that of the list, else the first that it is preauthorized for."""
        if sender in self._states:
            role: State = self.participation(sender)
            return role
        return self._state(first_match(self._set.preauthorizations, claims))

    def _state(self, index: int | None) -> State:
        """The state of a role; 0 for one that is not defined."""
        known: Mapping[int, State] = self.policy.derived(_by_index)
        return known.get(OUTSIDE if index is None else index, known[OUTSIDE])

    def _facts(self, change: Change, sender: str, target: str) -> RoleFacts:
        """What the policy may know of a change. Numbers are those that there would be afterwards."""
        move, before = change.move, self.participation(target)
        is_self = sender == target
        is_looked_at = sender not in self._states or (move is Move.CHANGE_ROLE and is_self)
        claims = change.claims if is_looked_at else frozenset()
        wanted = before if move is Move.ADD_CLIENTS else self._state(change.role)
        entries, base = self._set.preauthorizations, self._set.base
        first = first_match(entries, claims, but=OUTSIDE if move is Move.CHANGE_ROLE else None)
        mine = self._group.get(target, _NO_CLIENTS)
        after, clients = _clients_after(change, mine)
        adds = move in (Move.ADD, Move.ADD_CLIENTS) and bool(change.clients)
        return RoleFacts(
            sender=self.participation(sender),
            target=before,
            is_self=is_self,
            acting=self._acting(sender, claims),
            wanted=wanted,
            preauthorized_for_role=change.role is not None and first == change.role,
            join_code_is_valid=move is Move.ADD and self._is_code(change),
            clients=clients,
            membership_is_not_fixed=not base.fixed_membership,
            max_users_holds=self._users_hold(change, before),
            max_clients_holds=not adds
            or base.max_clients is None
            or sum(map(len, self._group.values())) - len(mine) + len(after) <= base.max_clients,
            one_client_holds=not adds or base.multi_device or len(after) <= 1,
            **self._bounds_hold(move, before, wanted, was_active=bool(mine), is_active=bool(after)),
        )

    def _bounds_hold(
        self, move: Move, before: State, wanted: State, *, was_active: bool, is_active: bool
    ) -> dict[str, bool]:
        """Whether the bounds of the role that is left, and of the one that is entered, hold afterwards."""
        roles, left, entered = self.policy.roles.by_index, int(before.word), int(wanted.word)
        stays = before == wanted or move in (Move.ADD_CLIENTS, Move.REMOVE_CLIENTS)
        facts = {}
        if left != OUTSIDE and move in (Move.REMOVE, Move.CHANGE_ROLE, Move.REMOVE_CLIENTS):
            role = roles[left]
            facts["minimum_participants_holds"] = role.participants.reached(self._counts[left] - (not stays))
            active = self._active.get(left, 0) - was_active + (stays and is_active)
            facts["minimum_active_participants_holds"] = role.active.reached(active)
        if entered != OUTSIDE and move in (Move.ADD, Move.CHANGE_ROLE):
            role = roles[entered]
            facts["maximum_participants_holds"] = role.participants.kept(self._counts.get(entered, 0) + (not stays))
        if entered != OUTSIDE and (move in (Move.ADD, Move.CHANGE_ROLE) or not was_active):
            active = self._active.get(entered, 0) - (stays and was_active) + is_active
            facts["maximum_active_participants_holds"] = roles[entered].active.kept(active)
        return {name: facts.get(name, True) for name in _BOUNDS}

    def _users_hold(self, change: Change, before: State) -> bool:
        """Whether there are not too many users afterwards; asked where somebody comes in, or from role 1."""
        most = self._set.base.max_users
        comes = change.move is Move.ADD or (change.move is Move.CHANGE_ROLE and before.word == BANNED)
        users = len(self._states) - self._counts.get(BANNED, 0) + (change.role != BANNED)
        return most is None or not comes or users <= most

    def _is_code(self, change: Change) -> bool:
        """Whether the event has a join link that is valid for the role that it asks for."""
        links = self._set.join_links
        return any(each.is_valid and (each.link, each.role) == (change.join_link, change.role) for each in links)

    def _update_facts(self, event: RoleEvent) -> UpdateFacts:
        said = event.said
        assert isinstance(said, Update)
        roles, set_to = self.policy.roles, self._set
        facts: dict[str, Any] = {}
        if event.type == "roles_list":
            assert isinstance(said.value, RoleList)
            facts = {
                "roles_are_valid": self._are_valid(said.value),
                "participants_do_not_change": not said.beside,
            }
        elif event.type == "preauth_list":
            targets = {each.role for each in said.value}  # type: ignore[union-attr]
            facts = {
                "preauthorizations_are_valid": OUTSIDE not in targets and targets <= roles.by_index.keys(),
                "only_removals_beside": said.beside <= {Beside.REMOVE},
            }
        elif event.type == "base_room_policy":
            base: Any = said.value
            is_sound = bool(base.parent_room) == base.parent_dependent
            facts = {"base_policy_is_valid": is_sound and not (base.fixed_membership and roles.may_be_added_to)}
        elif event.type == "room_metadata":
            metadata: Any = said.value
            changes = {key: metadata.get(key) != set_to.metadata.get(key) for key in METADATA}
            facts = {f"{key}_changes": changes[key] for key, capability in METADATA.items() if capability}
            facts |= {"metadata_changes": any(changes.values()), "room_uri_stays": not changes["room_uri"]}
        is_listed = event.sender in self._states
        return UpdateFacts(
            sender=self.participation(event.sender),
            acting=self._acting(event.sender, said.claims),
            sender_is_participant=is_listed,
            sender_is_active=is_listed and bool(self._group.get(event.sender)),
            **(_PLAIN_UPDATE | facts),
        )

    def _are_valid(self, new: RoleList) -> bool:
        """Whether roles may take the place of the room's.

        Spec: "If the contents of the `update` field are valid" (3), which the text does not define
        """
        used = {index for index, count in self._counts.items() if count}
        return (
            new.twice is None
            and new.roles.are_valid
            and used <= new.roles.by_index.keys()
            and not (self._set.base.fixed_membership and new.roles.may_be_added_to)
        )

    def _accept(self, event: Any, value: dict[str, Any], decision: Decision) -> None:
        read_content = self._read_if_kept(event, value)
        if event.type == CREATE:
            self._create(event)
        elif isinstance(event.said, Change):
            self._apply(event.said, event.state_key)
        elif event.type == "destroy_room":
            self._is_destroyed = True
        elif event.said.value is not None:
            self._give(event.type, event.content, "content")
        self._remember(event.event_id, event.sender, event.type, event.state_key, decision, read_content)

    def _take(self, event: Any, value: dict[str, Any]) -> None:
        if event.type == CREATE:
            self._create(event)
        elif isinstance(event.said, Change):
            if self._state(event.said.role).word != (event.said.role or OUTSIDE):
                raise EventError("content.role_index", f"no role has the index {event.said.role}")
            self._apply(event.said, event.state_key)
        else:
            self._give(event.type, event.content, "content")
        self._remember_given(event, value)

    def _remember_given(self, event: Any, value: dict[str, Any]) -> None:
        read_content = self._read_if_kept(event, value)
        self._remember(event.event_id, event.sender, event.type, event.state_key, GIVEN, read_content)

    def _create(self, event: RoleEvent) -> None:
        """Begin with the components of a creation. Raises `EventError`, and changes nothing that counts then."""
        components = components_of(event.content)
        if "roles_list" not in components and not self.policy.transitions:
            raise EventError("content.roles_list", "is missing")
        for name, content in components.items():
            self._give(name, content, f"content.{name}")
        self._is_created = True

    def _give(self, component: str, content: Mapping[str, Any], place: str) -> None:
        """Take a component as it stands. Raises `EventError`, and changes nothing then."""
        if component == "roles_list":
            self._become(read_roles(content, place))
        elif component == "participant_list":
            listed = read_participants(content, self.policy.roles, place)
            self._states = {user: self._state(index) for user, index in listed.items()}
            self._count()
        elif component == "mls_group":
            self._group = read_group(content, place)
            self._count()
        elif component == "preauth_list":
            self._set = replace(self._set, preauthorizations=read_preauthorizations(content, place))
        elif component == "join_links":
            self._set = replace(self._set, join_links=read_join_links(content, place))
        elif component == "base_room_policy":
            self._set = replace(self._set, base=read_base_policy(content, place))
        else:
            self._set = replace(self._set, metadata=read_metadata(content, place))

    def _become(self, roles: Roles) -> None:
        """Be run by these roles from now on. Raises `EventError` where a role in use is missing."""
        if roles == self.policy.roles:
            return
        for index, count in self._counts.items():
            if count and index not in roles.by_index:
                raise EventError("content.roles", f"lacks role {index}, which is in use")
        self.policy = policy_of(roles, id=FAMILY)
        self._states = {user: self._state(state.word) for user, state in self._states.items()}

    def _count(self) -> None:
        """Count the participants, and the active ones, of each role."""
        self._counts, self._active = {}, {}
        for user, state in self._states.items():
            self._note(state.word, 1, is_active=bool(self._group.get(user)))

    def _note(self, index: int, step: int, *, is_active: bool) -> None:
        """One participant more, or fewer."""
        self._counts[index] = self._counts.get(index, 0) + step
        self._active[index] = self._active.get(index, 0) + step * is_active

    def _apply(self, change: Change, target: str) -> None:
        """Let a change happen."""
        mine = self._group.get(target, _NO_CLIENTS)
        after, _ = _clients_after(change, mine)
        before = self.participation(target).word
        role = {Move.REMOVE: OUTSIDE, Move.ADD: change.role, Move.CHANGE_ROLE: change.role}.get(change.move, before)
        if before != OUTSIDE:
            self._note(before, -1, is_active=bool(mine))
        if role != OUTSIDE:
            self._note(role, 1, is_active=bool(after))
            self._states[target] = self._state(role)
        else:
            self._states.pop(target, None)
        if after:
            self._group[target] = set(after)
        else:
            self._group.pop(target, None)


Room = RoleRoom

_OF_THE_LIST: Mapping[Move, Beside] = {
    Move.ADD: Beside.ADD,
    Move.REMOVE: Beside.REMOVE,
    Move.CHANGE_ROLE: Beside.CHANGE_ROLE,
}
"""The moves that change the participant list."""

_PLAIN_UPDATE: dict[str, Any] = {
    name: told.plain for name, told in about_of(UpdateFacts).items() if told.subject is EVENT
}
"""What is the case of an event where it says nothing else."""

_BOUNDS = (
    "minimum_participants_holds",
    "minimum_active_participants_holds",
    "maximum_participants_holds",
    "maximum_active_participants_holds",
)


def _clients_after(change: Change, mine: Iterable[str]) -> tuple[frozenset[str], Clients]:
    """The target's clients after a change, and what becomes of them."""
    before, named = frozenset(mine), change.clients
    if change.move is Move.REMOVE:
        return _NO_CLIENTS, Clients.NONE
    if change.move in (Move.ADD, Move.ADD_CLIENTS):
        after = before | (named or _NO_CLIENTS)
        return after, Clients.STAY if after else Clients.NONE
    if change.move is Move.CHANGE_ROLE:
        if not before:
            return before, Clients.NONE
        return (_NO_CLIENTS, Clients.GO) if change.removes_clients else (before, Clients.STAY)
    gone = before if named is None else named
    are_there = bool(gone) and gone <= before
    return before - gone, Clients.GO if are_there else Clients.STAY


def _rules(policy: RolePolicy) -> Mapping[str, Rule[Any]]:
    return rules_of(policy.roles)


def _by_index(policy: RolePolicy) -> Mapping[int, State]:
    return {state.word: state for state in policy.states}  # type: ignore[misc,union-attr]


@contextmanager
def _within(place: str) -> Iterator[None]:
    """Say of an error where in the input it is."""
    try:
        yield
    except EventError as problem:
        raise problem.within(place) from None
