"""Matrix rooms and membership: the facts of a change, and the level on which it turns where that is not known."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from fsm.decision import Decision
from fsm.errors import EventError
from fsm.event import Event
from fsm.facts import Value
from fsm.matrix import citing
from fsm.matrix.events import (
    AUTHORISER,
    TOKEN,
)
from fsm.matrix.facts import MatrixFacts, Warrant
from fsm.matrix.ids import is_user_id
from fsm.matrix.levels import NAMED, Power, is_unknown, reaches
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.rules import MatrixRules, Rule, Senders
from fsm.matrix.settings import Settings
from fsm.matrix.third_party import examine
from fsm.matrix.unknown import Needs, level_that_decides
from fsm.memory import Key
from fsm.own_facts import weight_of
from fsm.participation.participant import Member
from fsm.participation.room import ParticipationRoom
from fsm.participation.terms import Participation
from fsm.room import itself

_JOIN = Participation.JOIN


NONE_REFUSED: dict[str, citing.Cited] = {}
"""What all rooms share that have refused none: it stays empty."""


class MatrixMembership(ParticipationRoom[Member]):
    """Matrix rooms that know the facts of a membership event."""

    __slots__ = ("_is_just_created", "_refused", "_senders", "_takes_version", "policy")

    copied_fields = {  # noqa: RUF012 - never changed
        **ParticipationRoom.copied_fields,
        **dict.fromkeys(("_is_just_created", "_senders", "_takes_version", "policy"), itself),
        "_refused": dict,
    }

    policy: MatrixPolicy
    _rules: MatrixRules
    _settings: Settings
    _is_just_created: bool
    _takes_version: bool
    _senders: tuple[Settings, tuple[Senders, Senders]] | None
    """Who may send messages, and who may set state, where the room is set to this; None as long as nobody asks."""
    _refused: dict[str, citing.Cited]
    """The events refused that named their auth events: those who do may be cited."""

    def power(self, user: str) -> Power:
        """The user's power level; that of a creator of version 12 is infinite. Raises `EventError` if not known."""
        power = self._power(user)
        if is_unknown(power):
            levels = self._settings.levels_in_force
            raise turns_on(levels.faults[levels.path_of_user(user)])
        return power

    def facts(self, sender: str, target: str) -> MatrixFacts:
        """What the policy may know about an ordinary membership change between these users."""
        return cast("MatrixFacts", self._facts_between(sender, target))

    @property
    def _rule(self) -> Rule:
        if self._table is not None:
            known: Rule = self._table.rule
            return known
        settings = self._settings
        levels = settings.levels
        level = NAMED if levels is None or not levels.named else {**NAMED, **levels.named}
        return Rule(
            settings.join_rule, level["users_default"], level["invite"], level["kick"], level["ban"],
            settings.creation is not None, self._is_just_created,
        )  # fmt: skip

    def _power(self, user: str) -> Power:
        """The level of a user."""
        return self._rule.power(self._class_of(user).peers.powers)

    @property
    def _has_unknown_levels(self) -> bool:
        """Whether there are power levels that cannot be read."""
        levels = self._settings.levels
        return levels is not None and bool(levels.faults)

    def _facts_of(self, event: Event, value: dict[str, Any]) -> MatrixFacts:
        if self._settings.creation is None:
            raise EventError("", "is of a room that nobody has created")
        _, before, by, code = self._key(event, value, self._provided(value))
        return self.policy.domain.unpack(code, target=before, sender=by)

    def _facts_of_membership(self, event: Event, about: Mapping[str, Any]) -> dict[str, Any]:
        content = event.content
        word = content.get("membership")
        return {
            **about,
            "has_state_key": event.state_key is not None,
            "is_membership_known": type(word) is str and word in self._rules.words,
            "is_authoriser_user": AUTHORISER not in content or is_user_id(content[AUTHORISER]),
        }

    def _decide_member(
        self, event: Event, value: Mapping[str, Any], told: Mapping[str, Value] | None, *, favourable: bool
    ) -> Decision:
        return self._rules.memory[self._key(event, value, told, favourable=favourable)]

    def _level_of_member(self, event: Event, value: Mapping[str, Any], told: Mapping[str, Value] | None) -> EventError:
        """Why the level is not known on which the decision on a membership event turns."""
        levels = self._settings.levels_in_force
        action, before, by, worst = self._key(event, value, told)
        *_, best = self._key(event, value, told, favourable=True)
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

    def _key(
        self, event: Event, value: Mapping[str, Any], facts: Mapping[str, Value] | None, *, favourable: bool = False
    ) -> Key:
        """Where the memory has the decision on an event that meets the premise.

        Power levels that are not known count against the event, or with `favourable` for it.
        """
        assert event.state_key is not None
        to, by, rules = self._class_of(event.state_key), self._class_of(event.sender), self._rules
        is_self = event.sender == event.state_key
        code = rules.code(by.peers.powers, to.peers.powers, self._rule, is_self=is_self, favourable=favourable)
        code += rules.warrant[self._warrant(event, value)] + weight_of(self.policy, facts)
        authoriser = event.content.get(AUTHORISER)
        if event.content["membership"] == "join" and self._may_authorise(authoriser, favourable=favourable):
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

    def _may_authorise(self, user: object, *, favourable: bool) -> bool:
        """Whether this is a joined user who may invite."""
        if type(user) is not str or self.participation(user) is not _JOIN:
            return False
        return reaches(self._power(user), self._rule.invite, favourable=favourable)


def turns_on(fault: EventError) -> EventError:
    """That an answer turns on a power level that cannot be read."""
    return EventError("", f"turns on a power level that cannot be read: {fault}")
