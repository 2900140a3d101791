"""A Matrix room: events in, decisions on membership out.

Theory of operation. A room keeps two things apart: where every user stands
(`_members`), and what the room is set to (`_settings`: creation, power levels, join
rule, third-party invites). Only membership is judged. Any other event is taken as it
is, with a decision that is allowed and not `judged`; so is every event of a state that
is given (`from_state`, `take`).

A decision is made in three steps. The premise (`fsm.matrix.premise`): is there a room,
is the event of it, may its sender's server take part, does it say what it must? Then
the facts, of which the room adds up the weights. Then one look-up in the memory of the
policy's machine. The order of work is that of any room (`fsm.room`).

That events are signed as they must be is checked where they are received. So is what
they name as their `auth_events`: the room judges by the state it knows.

One reading differs from Synapse's. In a room that is not federated, rule 3 (4 in
version 12) shuts out senders of other servers. Synapse refuses targets of other servers
too, say the invite of one by a local user. We follow the text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from math import isnan
from typing import Any, Self, cast

from fsm.decision import Decision, judge
from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import Event, read_event, word, write_state
from fsm.facts import Value
from fsm.machine import Key
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
from fsm.matrix.levels import Levels, Power, reaches
from fsm.matrix.policies import MATRIX_1, MATRIX_12, VERSIONS, MatrixPolicy
from fsm.matrix.premise import PremiseFacts
from fsm.matrix.rules import MatrixRules, Rule, peers_of, rules_of
from fsm.matrix.settings import CREATE, POWER_LEVELS, Founder, Settings, read_version
from fsm.matrix.third_party import examine
from fsm.matrix.unknown import level_that_decides
from fsm.own_facts import Provider, weight_of
from fsm.participation.participant import Participant
from fsm.past import HIDDEN, Read
from fsm.room import BaseRoom, known_in
from fsm.terms import Action, Participation

_JOIN = Participation.JOIN

_UNJUDGED = Decision(allowed=True, judged=False, reason="not judged: only membership is")

_DEFAULT_LEVELS = Levels()


class MatrixRoom(BaseRoom):
    """One room under the policy of one room version.

    Without a `policy`, the room takes that of the version that its creation names.
    `participant` is the class of the participants that the room hands out: a subclass
    of `fsm.Participant` may have hooks for what is to follow. `facts` provides those that
    the policy looks at, and that no room works out: a function of sender and target.
    """

    __slots__ = ("_is_just_created", "_takes_version", "policy")

    _rules: MatrixRules
    _settings: Settings

    snapshot_format = "fsm.matrix.room"
    _parts = {"settings": Settings, "is_just_created": bool, "takes_version": bool}  # noqa: RUF012 - never changed

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
                room._apply_given(event, place)
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
            assert self._settings.levels is not None
            raise _turns_on(self._settings.levels.fault_of(user))
        return power

    def view(self, event: str | int, user: str) -> Decision:  # noqa: ARG002 - as the tools ask any room
        """Whether the user may be shown the event: never answered, since only membership is judged."""
        raise DefinitionError(f"policy `{self.policy.id}` judges membership only, not who may see what")

    @property
    def _rule(self) -> Rule:
        return self._rule_of(self._settings)

    @staticmethod
    def _rule_of(settings: Settings) -> Rule:
        levels = settings.levels or _DEFAULT_LEVELS
        return Rule(settings.join_rule, levels.users_default, levels.invite, levels.kick, levels.ban)

    def facts(self, sender: str, target: str) -> MatrixFacts:
        """What the policy may know about an ordinary membership change between these users."""
        return cast("MatrixFacts", self._facts_between(sender, target))

    def _is_user(self, user: str) -> bool:
        return is_user_id(user)

    def _is_ordinary(self, event: Mapping[str, Any], action: str) -> bool:
        return not is_redacted(event) and not (action == "join" and "prev_events" in event)

    def _read_quickly(self, content: Mapping[str, Any]) -> Read:
        if TOKEN in content or AUTHORISER in content:
            raise KeyError(TOKEN)
        return None

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> dict[str, Any]:
        return write_member(action, sender, target, reason)

    def _read(self, value: object) -> Event:
        event = read_event(value)
        if event.type != MEMBER:
            self._expect_room(event)
            return event
        read_user_id(event.sender, "sender")
        if event.state_key is not None:
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
        self._become(parts["settings"])
        self._created(is_now=parts["is_just_created"])

    def _is_named(self, user: str) -> bool:
        creation = self._settings.creation
        return super()._is_named(user) or (creation is not None and user in creation.creators)

    @property
    def _hookable(self) -> Iterable[MatrixPolicy]:
        return (self.policy, *VERSIONS.values()) if self._takes_version else (self.policy,)

    def _policy_for(self, event: Event) -> MatrixPolicy:
        return self._after(event)[0] if event.type == CREATE else self.policy

    def _facts_of(self, event: Event, value: dict[str, Any]) -> MatrixFacts:
        if self._settings.creation is None:
            raise EventError("", "is of a room that nobody has created")
        _, before, by, code = self._key(event, value, self._provided(value))
        return cast("MatrixFacts", self.policy.domain.unpack(code, target=before, sender=by))

    def _known_answer(self, event: Event, value: dict[str, Any]) -> Decision | None:
        """As any room does; an event of another room is not the one that is known, whatever its id."""
        return super()._known_answer(event, value) if self._is_own(event) else None

    def _judge(self, event: Event, value: dict[str, Any], facts: Mapping[str, Value] | None = None) -> Decision:
        if event.type != MEMBER:
            self._after(event)
            return _UNJUDGED
        decision = self._judge_membership(event, value, facts)
        if decision.allowed or not self._is_partly_unknown:
            return decision
        # What is not known counted against the event. Where that does not matter, it is refused for the rest.
        hoped = self._judge_membership(event, value, facts, hopes=True)
        if hoped.allowed:
            raise self._unknown(event, value, facts)
        return hoped

    def _accept(self, event: Event, value: dict[str, Any], decision: Decision) -> None:
        was_created = self._settings.creation is not None
        read = self._read_if_kept(event, value)
        if decision.judged:
            assert event.state_key is not None
            self._move(event.state_key, self._class_of(event.state_key), decision.after)
        else:
            self._apply(event)
        self._created(is_now=not was_created and self._settings.creation is not None)
        self._remember(event.event_id, event.sender, event.type, event.state_key, decision, read)

    def _take(self, event: Event, value: dict[str, Any]) -> None:
        self._apply_given(event)
        self._created(is_now=False)
        self._remember_given(event, value)

    def _apply_given(self, event: Event, place: str | None = None) -> None:
        """Apply an event that has been accepted, whose power levels hold as far as they can be read."""
        if event.type == POWER_LEVELS and event.state_key == "":
            self._become(self._settings.with_levels(event, self.policy, place))
        else:
            self._apply(event)

    def _apply(self, event: Event) -> None:
        """Apply an event as it stands. Raises `EventError`, and changes nothing then."""
        if event.type == MEMBER and event.state_key is not None:
            target = read_user_id(event.state_key, "state_key")
            state = word(event.content, "membership", tuple(Participation), "content")
            self._move(target, self._class_of(target), state)
        else:
            self.policy, settings = self._after(event)
            if settings is not self._settings:
                self._become(settings)

    def _judge_membership(
        self, event: Event, value: Mapping[str, Any], told: Mapping[str, Value] | None, *, hopes: bool = False
    ) -> Decision:
        """The decision where what is not known of the settings counts against the event, or with `hopes` for it."""
        target = event.state_key
        facts = PremiseFacts(
            is_created=self._settings.creation is not None,
            is_of_this_room=self._is_own(event),
            is_admitted=self._admits(event.sender, hopes=hopes),
            has_target=target is not None,
            has_action=any(event.content.get("membership") == known for known in self._rules.words),
            is_authoriser_user=AUTHORISER not in event.content or is_user_id(event.content[AUTHORISER]),
        )
        premise = judge((self.policy.premise,), facts)
        if not premise:
            before = None if target is None else self.participation(target)
            return replace(premise, before=before, after=before)
        return self._rules.memory[self._key(event, value, told, hopes=hopes)]

    @property
    def _is_partly_unknown(self) -> bool:
        """Whether there are settings that cannot be read."""
        creation = self._settings.creation
        return self._has_unknown_levels or (creation is not None and creation.fault is not None)

    def _unknown(self, event: Event, value: Mapping[str, Any], facts: Mapping[str, Value] | None) -> EventError:
        """That the decision on an event turns on what is not known of the creation, else of the power levels."""
        creation, levels = self._settings.creation, self._settings.levels
        assert creation is not None
        assert event.state_key is not None
        if not self._admits(event.sender):
            return EventError("", f"turns on a creation that cannot be read: {creation.fault}")
        action, before, by, worst = self._key(event, value, facts)
        *_, best = self._key(event, value, facts, hopes=True)
        unpack = partial(self.policy.domain.unpack, target=before, sender=by)
        authoriser = event.content.get(AUTHORISER)
        people = event.sender, event.state_key, authoriser if type(authoriser) is str else None
        assert levels is not None
        return _turns_on(level_that_decides(self.policy, action, (unpack(worst), unpack(best)), levels, people))

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

    def _admits(self, sender: str, *, hopes: bool = False) -> bool:
        """Whether the sender's server may take part."""
        creation = self._settings.creation
        if creation is None or creation.federates or server_of(sender) == creation.only_server:
            return True
        return hopes and creation.fault is not None

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
        is_plain = (
            creation is not None and creation.federates and creation.fault is None and not self._has_unknown_levels
        )
        is_quick = is_plain and not self._is_just_created and not (self._has_provider and self.policy.unsupplied)
        self._table = self._rules.table(self._rule) if is_quick else None

    def _power(self, user: str) -> Power:
        """The level of a user."""
        return self._rule.power(self._class_of(user).peers.powers)


Room = MatrixRoom
"""The name by which the catalogue finds a family's room."""


def _turns_on(fault: EventError | None) -> EventError:
    return EventError("", f"turns on a power level that cannot be read: {fault}")
