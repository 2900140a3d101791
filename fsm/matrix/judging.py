"""How a Matrix room judges: what is asked of every event, and what of each kind.

What is asked of every event (`fsm.matrix.permits`): is there a room, is the event of it,
does it cite what it must, may its sender's server take part? A membership event is then a
matter of the facts of which the room adds up the weights, and of one look-up in the memory
of the policy's machine. Any other event is judged by the rows for its kind. A creation is
judged by itself: that a room takes no second one is the room's business (`send`), and no
rule.

That events are signed as they must be is checked where they are received. Where somebody asks
with all events given that an event names as its `auth_events` (`decide_citing`), it is held to
them to the letter. Otherwise the room judges by the state that it has: of the events named, as
far as it knows them, none may have been rejected, be of another room, or be named twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fsm.decision import Decision
from fsm.errors import EventError, MissingEventError
from fsm.event import Event, plain, read_event
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.matrix import altering, citing
from fsm.matrix.events import (
    MEMBER,
    id_by_creation,
    within,
)
from fsm.matrix.ids import is_user_id, read_user_id, server_of
from fsm.matrix.levels import Power, reaches
from fsm.matrix.membership import MatrixMembership, turns_on
from fsm.matrix.policies import MATRIX_1, VERSIONS, MatrixPolicy
from fsm.matrix.rows import KINDS, EventFacts, Kind, Row
from fsm.matrix.rules import rules_of
from fsm.matrix.settings import CREATE, POWER_LEVELS, Settings, levels_in, read_version
from fsm.matrix.unknown import Needs, level_that_decides
from fsm.participation.participant import Member


class MatrixJudging(MatrixMembership[Member]):
    """Matrix rooms that judge events by the rules of their version."""

    __slots__ = ()

    def _asked(self, event: Event) -> str | None:
        return event.content.get("membership") if event.type == MEMBER else None

    def _read(self, value: object) -> Event:
        event = read_event(value)
        if event.type in (CREATE, MEMBER):
            read_user_id(event.sender, "sender")
        if event.type == MEMBER and event.state_key is not None:
            read_user_id(event.state_key, "state_key")
        return event

    def _understood(self, event: Event) -> Event:
        return event if event.type != POWER_LEVELS else Event(*event[:-1], levels_in(event, self.policy))

    def _permission(self, rule: Row) -> Decision:
        return self._rules.permission(rule)

    @property
    def _rules_beside(self) -> Iterable[Row]:
        return self.policy.all_permits

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

    def _known_answer(self, event: Event, value: dict[str, Any]) -> Decision | None:
        """As any room does; an event of another room is not the one that is known, whatever its id."""
        return super()._known_answer(event, value) if self._is_own(event) else None

    def decide_citing(self, event: Mapping[str, Any], others: Sequence[object]) -> Decision:
        """The decision, where all events that this one names as its `auth_events` are in the state or among `others`.

        Others say by `rejected` whether they were rejected. Raises `EventError`, and
        `MissingEventError` for an event cited that is nowhere given.
        """
        given = citing.read_others(others)
        with within("event"):
            value = plain(event)
            facts = self._provided(value)
            with lock_of(self):
                read = self._read(value)
                self._known_answer(read, value)
                return self._answer(read, value, facts, given)

    def _judge(
        self, event: Event, value: dict[str, Any], facts: Mapping[str, Value] | None = None
    ) -> tuple[Decision, tuple[MatrixPolicy, Settings] | None]:
        decision = self._answer(event, value, facts)
        return decision, self._after(event) if decision.allowed else None

    def _refuse(self, event: Event, value: dict[str, Any]) -> None:
        """Remember an event that names its auth events: those who do may cite it."""
        if event.event_id is not None and citing.AUTH_EVENTS in value and self._knows_refused:
            self._refused = self._refused or {}
            self._refused[event.event_id] = citing.Cited((event.type, event.state_key), event.room_id, is_rejected=True)

    @property
    def _knows_refused(self) -> bool:
        return self._past is None or self._past.knows_refused

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
            required = self._rules.judge(kind, self._facts_of_membership(event, about))
            if not required.allowed:
                before = None if event.state_key is None else self.participation(event.state_key)
                return replace(required, before=before, after=before)
            decide = partial(self._decide_member, event, value, facts)
        else:
            decide = partial(self._decide_other, event, kind, about)
        decision = decide(favourable=False)
        if decision.allowed or not self._has_unknown_levels:
            return decision
        # What is not known counted against the event. Where that does not matter, it is refused for the rest.
        at_best = decide(favourable=True)
        if at_best.allowed:
            is_member = kind is Kind.MEMBER
            raise turns_on(
                self._level_of_member(event, value, facts) if is_member else self._level_of_other(event, kind, about)
            )
        return at_best

    def _kind(self, event: Event) -> Kind:
        kind = KINDS.get(event.type)
        if kind is not None and (kind is Kind.MEMBER or kind in self.policy.permits):
            return kind
        return Kind.MESSAGE if event.state_key is None else Kind.STATE

    def _judge_creation(self, event: Event, value: Mapping[str, Any]) -> Decision:
        content, policy = event.content, self._policy_for(event)
        facts = {
            "is_first": not value.get("prev_events"),
            "is_room_of_server": event.room_id is None or server_of(event.room_id) == server_of(event.sender),
            "names_no_room": event.room_id is None or _is_named_for_clients(event, value),
            "is_version_known": self._version_of(content) is not None,
            "has_creator": "creator" in content,
            "is_every_creator_a_user": are_users(content.get("additional_creators", [])),
        }
        rules = self._rules if policy is self.policy else rules_of(policy)
        return rules.judge(Kind.CREATE, facts)

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

    def _decide_other(self, event: Event, kind: Kind, about: Mapping[str, Any], *, favourable: bool) -> Decision:
        decision = self._rules.judge(kind, self._facts_of_other(event, kind, about, favourable=favourable))
        if decision.allowed or kind is not Kind.LEVELS:
            return decision
        asked = self._asked_levels(event, self._power(event.sender), favourable=favourable)
        rows = self.policy.permits[kind]
        return replace(decision, changes=tuple(change for row in rows for change in altering.denied(asked, row)))

    def _facts_of_other(
        self, event: Event, kind: Kind, about: Mapping[str, Any], *, favourable: bool
    ) -> dict[str, Any]:
        """The facts of an event that is neither a creation nor a matter of membership."""
        levels, key, sender = self._settings.levels_in_force, event.state_key, event.sender
        power = self._power(sender)
        facts: dict[str, Any] = {
            **about,
            "may_send": reaches(power, levels.required(event.type, is_state=key is not None), favourable=favourable),
            "may_invite": reaches(power, levels.level("invite"), favourable=favourable),
            "may_redact": reaches(power, levels.level("redact"), favourable=favourable),
            "is_key_own": key is None or not key.startswith("@") or key == sender,
        }
        if kind is Kind.ALIASES:
            facts |= {"has_state_key": key is not None, "is_key_of_server": key == server_of(sender)}
        if kind is Kind.LEVELS:
            asked, creation = self._asked_levels(event, power, favourable=favourable), self._settings.creation
            facts["has_levels"] = asked.before is not None
            facts |= altering.facts_of_form(asked.after, () if creation is None else creation.creators)
            facts |= altering.facts_of_reach(asked)
        return facts

    def _asked_levels(self, event: Event, power: Power, *, favourable: bool) -> altering.Asked:
        """What a sender of this power would alter."""
        return altering.Asked(event.sender, power, self._settings.levels, levels_in(event, self.policy), favourable)

    def _level_of_other(self, event: Event, kind: Kind, about: Mapping[str, Any]) -> EventError:
        """Why the level is not known on which the decision on any other event turns."""
        levels = self._settings.levels_in_force
        found = (self._facts_of_other(event, kind, about, favourable=favourable) for favourable in (False, True))
        worst, best = (EventFacts(**facts) for facts in found)
        sender = levels.path_of_user(event.sender)
        needs: Needs = {
            ("may_send",): (sender, levels.path_required(event.type, is_state=event.state_key is not None)),
            ("may_invite",): (sender, ("invite",)),
            ("may_redact",): (sender, ("redact",)),
            altering.REACHES: (sender,),
        }
        rows = self.policy.permits[kind]
        return level_that_decides((worst, best), needs, levels, lambda facts: any(row.permits(facts) for row in rows))

    def _admits(self, sender: str) -> bool:
        """Whether the sender's server may take part."""
        creation = self._settings.creation
        return creation is None or creation.federates or server_of(sender) == creation.only_server

    def _is_own(self, event: Event) -> bool:
        return event.room_id is None or self.id is None or event.room_id == self.id

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
