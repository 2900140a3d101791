"""A Matrix room: events in, decisions out.

Theory of operation. A room keeps two things apart: where every user stands
(`_members`), and what the room is set to (`_settings`: creation, power levels, join
rule, third-party invites). All events are judged, but those of a state that is given
(`from_state`, `take`), which are taken as they are.

What is asked of every event (`fsm.matrix.permits`): is there a room, is the event of it,
does it cite what it must, may its sender's server take part? A membership event is then a
matter of the facts of which the room adds up the weights, and of one look-up in the memory
of the policy's machine. Any other event is judged by the rows for its kind. A creation is
judged by itself: that a room takes no second one is the room's business (`send`), and no
rule. The order of work is that of any room (`fsm.room`).

That events are signed as they must be is checked where they are received. Where somebody asks
with all events given that an event names as its `auth_events` (`decide_citing`), it is held to
them to the letter. Otherwise the room judges by the state that it has: of the events named, as
far as it knows them, none may have been rejected, be of another room, or be named twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isnan
from typing import Any, Self, cast

from fsm.decision import Decision, refuse_by
from fsm.errors import DefinitionError, EventError, MissingEventError, shorten
from fsm.event import MAX_TEXT, Event, is_surely_plain, plain, read_event, word, write_state
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.machine import Key
from fsm.matrix import altering, citing
from fsm.matrix.events import (
    AUTHORISER,
    MEMBER,
    TOKEN,
    id_by_creation,
    is_redacted,
    read_of,
    read_state,
    read_whole_state,
    room_of,
    within,
    write_member,
)
from fsm.matrix.facts import MatrixFacts, Warrant
from fsm.matrix.ids import is_user_id, read_user_id, server_of
from fsm.matrix.levels import Power, reaches, read_levels
from fsm.matrix.permits import KINDS, EventFacts, Kind, Row
from fsm.matrix.policies import MATRIX_1, MATRIX_12, VERSIONS, MatrixPolicy
from fsm.matrix.rules import MatrixRules, Rule, peers_of, rules_of
from fsm.matrix.settings import CREATE, Founder, Settings, read_version
from fsm.matrix.third_party import examine
from fsm.matrix.unknown import Needs, level_that_decides
from fsm.observers import Attached
from fsm.own_facts import Provider, weight_of
from fsm.participation.participant import Participant
from fsm.past import HIDDEN, Read
from fsm.room import BaseRoom, known_in
from fsm.terms import Action, Participation

_JOIN = Participation.JOIN


class MatrixRoom(BaseRoom):
    """One room under the policy of one room version.

    Without a `policy`, the room takes that of the version that its creation names.
    `participant` is the class of the participants that the room hands out: a subclass
    of `fsm.Participant` may have hooks for what is to follow. `facts` provides those that
    the policy looks at, and that no room works out: a function of sender and target.
    """

    __slots__ = ("_is_just_created", "_refused", "_takes_version", "policy")

    policy: MatrixPolicy
    _rules: MatrixRules
    _settings: Settings

    snapshot_format = "fsm.matrix.room"
    _parts = {  # noqa: RUF012 - never changed
        "settings": Settings,
        "is_just_created": bool,
        "takes_version": bool,
        "refused": Mapping[str, citing.Cited],
    }

    def __init__(
        self,
        room_id: str | None = None,
        *,
        policy: MatrixPolicy | None = None,
        participant: type[Participant] = Participant,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> None:
        """A room that nobody has created yet: its first event has to be its creation."""
        super().__init__(room_id, participant, facts)
        self.policy = policy or MATRIX_1  # a creation that names no version is of the first
        self._takes_version = policy is None
        self._is_just_created = False
        self._refused: dict[str, citing.Cited] = {}
        """The events refused that named their auth events: those who do may be cited."""
        self._settings = Settings()
        self._become(self._settings)
        self._check_hooks()
        self._keep(keep)

    @classmethod
    def create(  # noqa: PLR0913 - all but the first two have a meaning only for some
        cls,
        room_id: str | None,
        creator: str,
        *,
        policy: MatrixPolicy = MATRIX_12,
        participant: type[Participant] = Participant,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> Self:
        """A new room that the creator has joined. Raises `EventError` for a bad user id."""
        room = cls(room_id, policy=policy, participant=participant, facts=facts, keep=keep)
        content = {"room_version": policy.version}
        if policy.founder is Founder.CONTENT:
            content["creator"] = creator
        room.send(write_state(CREATE, creator, content))
        room.send_action(Action.JOIN, creator, creator)
        return room

    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: MatrixPolicy | None = None,
        participant: type[Participant] = Participant,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> Self:
        """A room in the state that these events describe, each taken as it stands.

        `state` is the set of current state events, in any order. Raises `EventError`
        for an event that cannot be read, is no state event, of another room than the
        others, or given twice. Those that stand once in a room may lack their
        `state_key`. A power level that cannot be read is an error of the decisions
        that turn on it.
        """
        room = cls(policy=policy, participant=participant, facts=facts, keep=keep)
        for place, event, value in read_whole_state(state):
            with within(place):
                room._expect_room(event)
                room._known_answer(event, value)
                room._note_id(event)
                room._apply(event, place)
                room._remember_given(event, value)
        creation = room._settings.creation
        if room.id is None and creation and creation.event_id and room.policy.is_room_named_by_creation:
            room.id = id_by_creation(creation.event_id)
        return room

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, as far as it tells, malformed as it may be."""
        return room_of(event)

    def power(self, user: str) -> Power:
        """The user's power level; that of a creator of version 12 is infinite. Raises `EventError` if not known."""
        power = self._power(user)
        if isnan(power):
            levels = self._settings.levels_in_force
            raise _turns_on(levels.faults[levels.path_of_user(user)])
        return power

    def view(self, event: str | int, user: str) -> Decision:  # noqa: ARG002 - as the tools ask any room
        """Whether the user may be shown the event: never answered, since no rule is about that."""
        raise DefinitionError(f"policy `{self.policy.id}` judges who may send events, not who may see them")

    @property
    def _rule(self) -> Rule:
        return self._rule_of(self._settings)

    @staticmethod
    def _rule_of(settings: Settings) -> Rule:
        level = settings.levels_in_force.level
        return Rule(settings.join_rule, level("users_default"), level("invite"), level("kick"), level("ban"))

    def facts(self, sender: str, target: str) -> MatrixFacts:
        """What the policy may know about an ordinary membership change between these users."""
        return cast("MatrixFacts", self._facts_between(sender, target))

    def _is_user(self, user: str) -> bool:
        return is_user_id(user)

    def _is_ordinary(self, event: Mapping[str, Any], action: str) -> bool:
        return (
            not is_redacted(event)
            and citing.AUTH_EVENTS not in event
            and not (action == "join" and "prev_events" in event)
        )

    def _read_quickly(self, content: Mapping[str, Any]) -> Read:
        if TOKEN in content or AUTHORISER in content:
            raise KeyError(TOKEN)
        return None

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> dict[str, Any]:
        return write_member(action, sender, target, reason)

    def _read(self, value: object) -> Event:
        event = read_event(value)
        if event.type in (CREATE, MEMBER):
            read_user_id(event.sender, "sender")
        if event.type == MEMBER and event.state_key is not None:
            read_user_id(event.state_key, "state_key")
        return event

    def _read_state(self, value: object) -> Event:
        event = read_state(value)
        self._expect_room(event)
        return event

    def _asked(self, event: Event) -> str | None:
        return event.content.get("membership") if event.type == MEMBER else None

    def _read_of(self, event: Event, value: dict[str, Any]) -> Read:
        return HIDDEN if is_redacted(value) else read_of(event)

    @classmethod
    def _policy_in(cls, given: Mapping[str, Any], policy: MatrixPolicy | None) -> MatrixPolicy:
        return policy or known_in(given, VERSIONS.values())

    def _read_parts(self, parts: Mapping[str, Any], states: Mapping[str, Participation]) -> None:
        for user, state in states.items():
            self._move(read_user_id(user, f"participation.{shorten(user)}"), self._class_of(user), state)
        self._takes_version = parts["takes_version"]
        self._refused = dict(parts["refused"])
        self._become(parts["settings"])
        self._created(is_now=parts["is_just_created"])

    def _is_named(self, user: str) -> bool:
        creation = self._settings.creation
        return super()._is_named(user) or (creation is not None and user in creation.creators)

    @property
    def _rules_beside(self) -> Iterable[Row]:
        return self.policy.all_permits

    def _permission(self, rule: Row) -> Decision:
        return self._rules.permissions[rule.id]

    @property
    def _hookable(self) -> Iterable[MatrixPolicy]:
        return (self.policy, *VERSIONS.values()) if self._takes_version else (self.policy,)

    def _facts_of(self, event: Event, value: dict[str, Any]) -> MatrixFacts:
        if self._settings.creation is None:
            raise EventError("", "is of a room that nobody has created")
        _, before, by, code = self._key(event, value, self._provided(value))
        return self.policy.domain.unpack(code, target=before, sender=by)

    def _known_answer(self, event: Event, value: dict[str, Any]) -> Decision | None:
        """As any room does; an event of another room is not the one that is known, whatever its id."""
        return super()._known_answer(event, value) if self._is_own(event) else None

    def decide_citing(self, event: Mapping[str, Any], others: Sequence[object]) -> Decision:
        """The decision, where all events that this one names as its `auth_events` are in the state or among `others`.

        Others say by `rejected` whether they were rejected. Raises `EventError`, and
        `MissingEventError` for an event cited that is nowhere given.
        """
        value = plain(event)
        facts, given = self._provided(value), citing.read_others(others)
        with lock_of(self):
            read = self._read(value)
            self._known_answer(read, value)
            return self._answer(read, value, facts, given)

    def policy_for(self, event: Mapping[str, Any]) -> MatrixPolicy:
        """The policy by which an event is judged that the room has read."""
        return self._policy_for(read_event(plain(event))) if event.get("type") == CREATE else self.policy

    def _policy_for(self, event: Event) -> MatrixPolicy:
        """The policy by which an event is judged: where no version is given, a creation says which."""
        is_choice = self._takes_version and event.type == CREATE
        return self._version_of(event.content) or MATRIX_1 if is_choice else self.policy

    @staticmethod
    def _version_of(content: Mapping[str, Any]) -> MatrixPolicy | None:
        """The policy of the version that a creation names, if that is known."""
        version = content.get("room_version", "1")
        return VERSIONS.get(version) if type(version) is str else None

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        decision = self._quick_other(event)
        if decision is not None:
            return decision
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            return known if known is not None and known.judged else self._answer(read, value, facts)

    def _send_carefully(self, event: Mapping[str, Any], attached: Attached | None) -> Decision:
        if attached is None:
            with lock_of(self):
                decision = self._quick_other(event)
                if decision is not None and not (decision.allowed and event["type"] in Settings.types):
                    if decision.allowed:
                        key = event.get("state_key")
                        self._revision += 1
                        self._remember(event.get("event_id"), event["sender"], event["type"], key, decision, None)
                    return decision
        return super()._send_carefully(event, attached)

    def _quick_other(self, event: Mapping[str, Any]) -> Decision | None:
        """The decision on an ordinary event that is no matter of membership; None for any other event."""
        table, settings, rules = self._table, self._settings, self._rules
        if table is None or type(event) is not dict or not self._is_ordinary_other(event):
            return None
        event_type, sender, key = event["type"], event["sender"], event.get("state_key", "")
        by = self._members.get(sender)
        if by is None:
            return None
        is_state = "state_key" in event
        required = settings.levels_in_force.required(event_type, is_state=is_state)
        reaches_level = table.rule.power(by.peers.powers) >= required
        decision = rules.sending[is_state, by.state, reaches_level, not key.startswith("@") or key == sender]
        return decision if self._table is table and self._settings is settings else None

    def _is_ordinary_other(self, event: Mapping[str, Any]) -> bool:
        """Whether an event that is no matter of membership is sound, and raises no question but who may send it."""
        event_type, key = event.get("type"), event.get("state_key", "")
        return (
            type(event_type) is type(event.get("sender")) is type(key) is str
            and type(event.get("content")) is dict
            and event_type not in self._rules.own_types
            and 0 < len(event_type) <= MAX_TEXT
            and len(key) <= MAX_TEXT
            and citing.AUTH_EVENTS not in event
            and ("event_id" not in event or ("unsigned" not in event and self._is_new_id(event["event_id"])))
            and ("room_id" not in event or (type(event["room_id"]) is str and event["room_id"] == self.id))
            and (is_surely_plain(event) or plain(event) is event)
        )

    def _is_new_id(self, event_id: object) -> bool:
        if type(event_id) is not str or not 0 < len(event_id) <= MAX_TEXT:
            return False
        return self._past is None or event_id not in self._past.words

    def _judge(self, event: Event, value: dict[str, Any], facts: Mapping[str, Value] | None = None) -> Decision:
        decision = self._answer(event, value, facts)
        if decision.allowed:
            if event.type != MEMBER:
                self._after(event)
        elif event.event_id is not None and citing.AUTH_EVENTS in value:
            self._refused[event.event_id] = citing.Cited((event.type, event.state_key), event.room_id, is_rejected=True)
        return decision

    def _answer(
        self,
        event: Event,
        value: dict[str, Any],
        facts: Mapping[str, Value] | None,
        others: Mapping[str, citing.Cited] | None = None,
    ) -> Decision:
        """The decision by the rules: whether the room takes what they allow is another matter. Raises `EventError`.

        `facts` are those that the host tells. All events cited are in the state or among `others`, if these are given.
        """
        kind = self._kind(event)
        if kind is Kind.CREATE:
            return self._judge_creation(event, value)
        about = self._facts_of_any(event, value, others)
        if kind is Kind.MEMBER:
            premise, asked = self.policy.premise, self._facts_of_membership(event, about)
            if not premise.permits(asked):
                before = None if event.state_key is None else self.participation(event.state_key)
                return replace(refuse_by((premise,), asked), before=before, after=before)
        decide = partial(self._decide_member, event, value, facts)
        if kind is not Kind.MEMBER:
            decide = partial(self._decide_other, event, kind, about)
        decision = decide(hopes=False)
        if decision.allowed or not self._has_unknown_levels:
            return decision
        # What is not known counted against the event. Where that does not matter, it is refused for the rest.
        hoped = decide(hopes=True)
        if hoped.allowed:
            is_member = kind is Kind.MEMBER
            raise _turns_on(
                self._level_of_member(event, value, facts) if is_member else self._level_of_other(event, kind, about)
            )
        return hoped

    def _kind(self, event: Event) -> Kind:
        kind = KINDS.get(event.type)
        if kind is not None and (kind is Kind.MEMBER or kind in self.policy.permits):
            return kind
        return Kind.MESSAGE if event.state_key is None else Kind.STATE

    def _judge_creation(self, event: Event, value: Mapping[str, Any]) -> Decision:
        content, policy = event.content, self._policy_for(event)
        facts = EventFacts(
            is_first=not value.get("prev_events"),
            is_room_of_server=event.room_id is None or server_of(event.room_id) == server_of(event.sender),
            names_no_room=event.room_id is None or _is_named_for_clients(event, value),
            is_version_known=self._version_of(content) is not None,
            has_creator="creator" in content,
            is_every_creator_a_user=are_users(content.get("additional_creators", [])),
        )
        rules = self._rules if policy is self.policy else rules_of(policy)
        return rules.judge_any(policy.permits[Kind.CREATE], facts)

    def _facts_of_any(
        self, event: Event, value: Mapping[str, Any], others: Mapping[str, citing.Cited] | None
    ) -> dict[str, Any]:
        """The facts that are asked of every event but a creation."""
        facts: dict[str, Any] = {"is_creation_known": True, "is_of_this_room": True}
        if KINDS.get(event.type) is Kind.REDACTION:
            facts["is_of_redacted_server"] = _is_of_one_server(event.event_id, value.get("redacts"))
        if citing.AUTH_EVENTS in value:
            cited = [
                self._cited(event_id, f"{citing.AUTH_EVENTS}[{index}]", others)
                for index, event_id in enumerate(citing.read_ids(value))
            ]
            facts |= citing.facts_of(event, self.policy, cited)
            if others is None:
                facts |= {"is_every_cited_selected": True, "is_creation_known": True}
        facts["is_creation_known"] &= self._settings.creation is not None
        facts["is_of_this_room"] &= self._is_own(event)
        return {**facts, "is_admitted": self._admits(event.sender), "sender": self.participation(event.sender)}

    def _cited(self, event_id: str, place: str, others: Mapping[str, citing.Cited] | None) -> citing.Cited | None:
        """What is known of an event that another one cites. Raises `MissingEventError` where something has to be."""
        position = None if self._past is None else self._past.find(event_id)
        if position is not None and self._past is not None:
            known = self._past[position]
            return citing.Cited((known.type, known.state_key), None)
        found = (others or self._refused).get(event_id)
        if found is None and others is not None:
            raise MissingEventError(place, event_id)
        return found

    def _facts_of_membership(self, event: Event, about: Mapping[str, Any]) -> EventFacts:
        content = event.content
        return EventFacts(
            **about,
            has_state_key=event.state_key is not None,
            is_membership_known=any(content.get("membership") == known for known in self._rules.words),
            is_authoriser_user=AUTHORISER not in content or is_user_id(content[AUTHORISER]),
        )

    def _decide_member(
        self, event: Event, value: Mapping[str, Any], told: Mapping[str, Value] | None, *, hopes: bool
    ) -> Decision:
        return self._rules.memory[self._key(event, value, told, hopes=hopes)]

    def _decide_other(self, event: Event, kind: Kind, about: Mapping[str, Any], *, hopes: bool) -> Decision:
        rows = self.policy.permits[kind]
        decision = self._rules.judge_any(rows, self._facts_of_other(event, kind, about, hopes=hopes))
        if decision.allowed or kind is not Kind.LEVELS:
            return decision
        asked = self._asked_levels(event, hopes=hopes)
        return replace(decision, changes=tuple(change for row in rows for change in altering.denied(asked, row)))

    def _facts_of_other(self, event: Event, kind: Kind, about: Mapping[str, Any], *, hopes: bool) -> EventFacts:
        """The facts of an event that is neither a creation nor a matter of membership."""
        levels, key, sender = self._settings.levels_in_force, event.state_key, event.sender
        needed = {
            "may_send": levels.required(event.type, is_state=key is not None),
            "may_invite": levels.level("invite"),
            "may_redact": levels.level("redact"),
        }
        power = self._power(sender)
        facts: dict[str, Any] = {name: reaches(power, level, hopes=hopes) for name, level in needed.items()}
        facts["is_key_own"] = key is None or not key.startswith("@") or key == sender
        if kind is Kind.ALIASES:
            facts |= {"has_state_key": key is not None, "is_key_of_server": key == server_of(sender)}
        if kind is Kind.LEVELS:
            asked, creation = self._asked_levels(event, hopes=hopes), self._settings.creation
            facts["has_levels"] = asked.before is not None
            facts |= altering.facts_of_form(asked.after, () if creation is None else creation.creators)
            facts |= altering.facts_of_reach(asked)
        return EventFacts(**{**about, **facts})

    def _asked_levels(self, event: Event, *, hopes: bool) -> altering.Asked:
        after = read_levels(event.content, self.policy.numbers)
        return altering.Asked(event.sender, self._power(event.sender), self._settings.levels, after, hopes)

    def _level_of_member(self, event: Event, value: Mapping[str, Any], told: Mapping[str, Value] | None) -> EventError:
        """Why the level is not known on which the decision on a membership event turns."""
        levels = self._settings.levels_in_force
        action, before, by, worst = self._key(event, value, told)
        *_, best = self._key(event, value, told, hopes=True)
        unpack = partial(self.policy.domain.unpack, target=before, sender=by)
        assert event.state_key is not None
        sender, target = levels.path_of_user(event.sender), levels.path_of_user(event.state_key)
        authoriser = event.content.get(AUTHORISER)
        needs: Needs = {
            ("may_invite",): (sender, ("invite",)),
            ("may_kick",): (sender, ("kick",)),
            ("may_ban",): (sender, ("ban",)),
            ("outranks_for_kick", "outranks_for_ban"): (sender, target),
            ("is_authorised",): (levels.path_of_user(authoriser) if type(authoriser) is str else (), ("invite",)),
        }
        return level_that_decides((unpack(worst), unpack(best)), needs, levels, partial(self.policy.decide, action))

    def _level_of_other(self, event: Event, kind: Kind, about: Mapping[str, Any]) -> EventError:
        """Why the level is not known on which the decision on any other event turns."""
        levels = self._settings.levels_in_force
        worst, best = (self._facts_of_other(event, kind, about, hopes=hopes) for hopes in (False, True))
        sender = levels.path_of_user(event.sender)
        needs: Needs = {
            ("may_send",): (sender, levels.path_required(event.type, is_state=event.state_key is not None)),
            ("may_invite",): (sender, ("invite",)),
            ("may_redact",): (sender, ("redact",)),
            altering.REACHES: (sender,),
        }
        rows = self.policy.permits[kind]
        return level_that_decides((worst, best), needs, levels, lambda facts: any(row.permits(facts) for row in rows))

    def _accept(self, event: Event, value: dict[str, Any], decision: Decision) -> None:
        was_created = self._settings.creation is not None
        read = self._read_if_kept(event, value)
        if event.type == MEMBER:
            assert event.state_key is not None
            self._move(event.state_key, self._class_of(event.state_key), decision.after)
        else:
            self._apply(event)
        self._created(is_now=not was_created and self._settings.creation is not None)
        if event.event_id is not None:
            self._refused.pop(event.event_id, None)
        self._remember(event.event_id, event.sender, event.type, event.state_key, decision, read)

    def _take(self, event: Event, value: dict[str, Any]) -> None:
        self._apply(event)
        self._created(is_now=False)
        self._remember_given(event, value)

    def _apply(self, event: Event, place: str | None = None) -> None:
        """Apply an event, given at `place`, as it stands. Raises `EventError`, and changes nothing then."""
        if event.type == MEMBER and event.state_key is not None:
            target = read_user_id(event.state_key, "state_key")
            state = word(event.content, "membership", tuple(Participation), "content")
            self._move(target, self._class_of(target), state)
        else:
            self.policy, settings = self._after(event)
            if settings is not self._settings:
                self._become(settings if place is None else settings.placed(place))

    def _key(
        self, event: Event, value: Mapping[str, Any], facts: Mapping[str, Value] | None, *, hopes: bool = False
    ) -> Key:
        """Where the memory has the decision on an event that meets the premise.

        Power levels that are not known count against the event, or with `hopes` for it.
        """
        assert event.state_key is not None
        to, by, rules = self._class_of(event.state_key), self._class_of(event.sender), self._rules
        is_self = event.sender == event.state_key
        code = rules.code(by.peers.powers, to.peers.powers, self._rule, is_self=is_self, hopes=hopes)
        code += rules.warrant[self._warrant(event, value)] + weight_of(self.policy, facts)
        if event.content["membership"] == "join" and self._may_authorise(event.content.get(AUTHORISER), hopes=hopes):
            code += rules.is_authorised
        return event.content["membership"], to.state, by.state, code

    def _warrant(self, event: Event, value: Mapping[str, Any]) -> Warrant:
        """What the event is besides an ordinary one."""
        creation, content, action = self._settings.creation, event.content, event.content["membership"]
        assert creation is not None
        assert event.state_key is not None
        if action == "invite" and TOKEN in content:
            promises = self._settings.promises
            return examine(content[TOKEN], sender=event.sender, target=event.state_key, promises=promises)
        if action == "join" and event.state_key == creation.creator and self._follows_creation(value):
            return Warrant.FIRST_JOIN
        return Warrant.NONE

    def _follows_creation(self, value: Mapping[str, Any]) -> bool:
        """Whether the only event before this one is the room's creation.

        An event that does not say what came before it comes after all that was sent.
        """
        if "prev_events" not in value:
            return self._is_just_created
        previous = value["prev_events"]
        if type(previous) is not list or len(previous) != 1:
            return False
        creation = self._settings.creation
        assert creation is not None
        known = creation.event_id
        if known is None and self.id is not None and self.policy.is_room_named_by_creation:
            known = f"${self.id[1:]}"
        if known is None:
            # Where nobody has joined yet, nothing else can have been sent.
            return not self._states and self._settings == Settings(creation)
        # In versions 1 and 2, an event is named by its id and its hashes.
        only = previous[0][0] if type(previous[0]) is list and previous[0] else previous[0]
        return bool(only == known)

    def _may_authorise(self, user: object, *, hopes: bool) -> bool:
        """Whether this is a joined user who may invite."""
        if type(user) is not str or self.participation(user) is not _JOIN:
            return False
        return reaches(self._power(user), self._rule.invite, hopes=hopes)

    def _admits(self, sender: str) -> bool:
        """Whether the sender's server may take part."""
        creation = self._settings.creation
        return creation is None or creation.federates or server_of(sender) == creation.only_server

    def _is_own(self, event: Event) -> bool:
        return event.room_id is None or self.id is None or event.room_id == self.id

    def _expect_room(self, event: Event) -> None:
        if not self._is_own(event):
            raise EventError("room_id", f"`{shorten(event.room_id or '')}` is another room")

    def _after(self, event: Event) -> tuple[MatrixPolicy, Settings]:
        """The policy and settings once this event has been taken. Raises `EventError`."""
        policy = self.policy
        if event.type == CREATE and event.state_key == "":
            creation = self._settings.creation
            if creation is not None:
                if event.event_id is None or event.event_id != creation.event_id:
                    raise EventError("", "the room has been created already")
                return policy, self._settings  # the same event once more
            version = read_version(event.content, VERSIONS)
            if self._takes_version:
                policy = VERSIONS[version]
        return policy, self._settings.after(event, policy)

    @property
    def _has_unknown_levels(self) -> bool:
        """Whether there are power levels that cannot be read."""
        levels = self._settings.levels
        return levels is not None and bool(levels.faults)

    def _become(self, settings: Settings) -> None:
        before, self._rules = self._settings, rules_of(self.policy, has_provider=self._has_provider)
        if settings.levels is before.levels and settings.creation is before.creation:
            self._set_up(settings, self._rule_of(settings))
        else:
            (were, _), (powers, _) = before.powers(self.policy), settings.powers(self.policy)
            # Power levels may name what is no user, and what is no user does nothing.
            peers = {user: peers_of(power) for user, power in powers.items() if is_user_id(user)}
            self._set_up(settings, self._rule_of(settings), peers, were=were)
        self._open()

    def _created(self, *, is_now: bool) -> None:
        self._is_just_created = is_now
        self._open()

    def _open(self) -> None:
        """Let ordinary changes take the quick way, if nothing else matters in this room than who its users are."""
        creation = self._settings.creation
        is_plain = creation is not None and creation.federates and not self._has_unknown_levels
        is_quick = is_plain and not self._is_just_created and not (self._has_provider and self.policy.unsupplied)
        self._table = self._rules.table(self._rule) if is_quick else None

    def _power(self, user: str) -> Power:
        """The level of a user."""
        return self._rule.power(self._class_of(user).peers.powers)


Room = MatrixRoom
"""The name by which the catalogue finds a family's room."""


def are_users(value: object) -> bool:
    """Whether a value is a list of user ids."""
    return type(value) is list and all(map(is_user_id, value))


def _is_of_one_server(event_id: object, other: object) -> bool:
    """Whether two ids name the same server."""
    servers = {server_of(each) if type(each) is str else "" for each in (event_id, other)}
    return len(servers) == 1 and "" not in servers


def _is_named_for_clients(event: Event, value: Mapping[str, Any]) -> bool:
    """Whether a creation has a `room_id` only since clients are told one, and it is that which the creation makes."""
    own = event.room_id if event.event_id is None else id_by_creation(event.event_id)
    return "prev_events" not in value and event.room_id == own


def _turns_on(fault: EventError) -> EventError:
    return EventError("", f"turns on a power level that cannot be read: {fault}")
