"""How a MIMI room reads events and judges them, and what it tells of the events that it knows.

A participation change is a matter of where its two users stand and what their roles allow, of which the room asks the
memory of the policy's machine. Any other event is judged by the permits for its kind (`fsm.mimi.permits`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from fsm.classes import UserClass
from fsm.decision import Decision, judge
from fsm.errors import EventError, shorten
from fsm.event import MAX_TEXT, Event, expect_plain, is_name, plain, read_event
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.mimi.events import kind_of, said_by, text_of, understood, write_participation
from fsm.mimi.permits import Kind
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import Standing
from fsm.mimi.rules import MimiRules, Senders
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, Settings
from fsm.own_facts import weight_of
from fsm.participation.facts import Facts
from fsm.participation.participant import Member
from fsm.participation.room import ParticipationRoom
from fsm.participation.terms import Action, JoinRule, Participation
from fsm.past import HIDDEN, Entry, Past, Read, brief
from fsm.room import another

if TYPE_CHECKING:
    from fsm.mimi.history import StateKey, Views


_WITH_REASON = len(("participation", "reason"))


class MimiJudging(ParticipationRoom[Member]):
    """MIMI rooms that judge events by their policy."""

    __slots__ = ("_views",)

    copied_fields = {**ParticipationRoom.copied_fields, "_views": lambda _: None}  # noqa: RUF012 - never changed

    _rules: MimiRules
    _settings: Settings
    _views: "Views | None"

    @property
    def policy(self) -> MimiPolicy:
        """The policy that judges its events."""
        return self._rules.policy

    def standing(self, user: str) -> Standing:
        """What the user's roles allow, whatever their participation."""
        standing: Standing = self._class_of(user).peers.powers
        return standing

    def visible(self, event_id: str, user: str) -> bool:
        """Whether the user may be shown the event; False for an event the room does not know."""
        return self.view(event_id, user).allowed

    def view(self, event: str | int, user: str) -> Decision:
        """Whether the user may be shown the event, and if not, why.

        The event is named by its id, or by its position among the events `kept`. Needs
        events with ids, or `remember`: a room remembers its past from then on.

        Spec: "Event/History Visibility" (-00 7)
        """
        with lock_of(self):
            facts = self._seen().facts(event, user)
        if facts is None:
            unknown = self._forgotten(event) or f"the room knows no event `{shorten(str(event))}`"
            return Decision(allowed=False, reason=unknown)
        from fsm.mimi.visibility import VIEWS  # noqa: PLC0415 - takes long to load, and few need it

        return judge(VIEWS, facts)

    def auth_events(self, event: Mapping[str, Any]) -> list[str]:
        """The ids of the state events that must back this event, in the draft's order.

        Raises `EventError` when the event is malformed.

        Spec: "Auth Events Selection" (-00 3.1)
        """
        value = plain(event)
        with lock_of(self):
            return self._seen().current_ids(self._select(self._read(value)))

    @property
    def _rule(self) -> JoinRule:
        return self._settings.join_rule

    def facts(self, sender: str, target: str) -> Facts:
        """What the policy may know about a participation change between these users."""
        return cast("Facts", self._facts_between(sender, target))

    _is_user = staticmethod(is_name)

    def _is_ordinary(self, event: Mapping[str, Any], action: str | None) -> bool:  # noqa: ARG002 - as any room asks
        return "authEvents" not in event

    def _senders_under(self, settings: Settings) -> tuple[Senders, Senders]:
        return self._rules.senders_of_others[settings.creator is not None]

    @staticmethod
    def _is_ordinary_key(key: str, sender: str) -> bool:  # noqa: ARG004 - as any room is asked
        return len(key) <= MAX_TEXT and key.isascii()

    def _look_up_setting(
        self,
        event: Event,
        value: dict[str, Any],  # noqa: ARG002 - as any room is asked
        by: UserClass,
        settings: Settings,
    ) -> tuple[Decision, Event, Settings]:
        if event.state_key and not self._is_ordinary_key(event.state_key, event.sender):
            raise KeyError(event.state_key)
        try:
            event = self._understood(event)
            after = self._change(settings, event)
        except EventError:
            raise KeyError(event.type) from None
        kind, rules = kind_of(event), self._rules
        if kind is not Kind.ROLE and kind is not Kind.ROLE_MAP:
            return rules.senders[kind][settings.creator is not None][event.type][by], event, after
        told = settings.facts(event, by.state, by.peers.powers, after, is_own_event=False)
        return rules.judge(kind, told), event, after

    def _read_quickly(self, content: dict[str, Any]) -> Read:
        reason = content.get("reason")
        # Most of those that say more than the action give a short reason, and nothing else.
        if type(reason) is not str or not reason.isascii() or len(content) != _WITH_REASON:
            expect_plain(content)
            if "reason" not in content:
                return None
        if type(reason) is not str or len(reason) > MAX_TEXT:
            raise KeyError(reason)
        return brief(reason)

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> dict[str, Any]:
        return write_participation(self.policy.participation_event, action, sender, target, reason)

    def _read(self, value: object) -> Event:
        event = read_event(value)
        if event.room_id is not None and self.id is not None and event.room_id != self.id:
            raise EventError("room_id", f"`{shorten(event.room_id)}` is another room")
        return event

    def _read_state(self, value: object) -> Event:
        event = self._read(value)
        if event.state_key is None:
            raise EventError("state_key", "is missing: this is no state event")
        return event

    def _understood(self, event: Event) -> Event:
        return understood(event, self._rules.types)

    def _asked(self, event: Event) -> Action | None:
        types = self._rules.types
        if event.type not in types:
            return None
        action: Action = event.said or said_by(event, types)
        return action

    def _read_of(self, event: Event, value: dict[str, Any]) -> Read:  # noqa: ARG002 - as any room reads
        types = self._rules.types
        if event.type in types:
            return brief(event.content["reason"]) if "reason" in event.content else None
        return text_of(event.type, said_by(event, types))

    def _read_if_kept(self, event: Event, value: dict[str, Any]) -> Read:
        # Who sees what follows from all changes of the rule on it, also those without an id.
        is_needed = event.event_id is not None or event.type == HISTORY_VISIBILITY
        return self._read_of(event, value) if is_needed else None

    def _founder(self, event: Event) -> tuple[str, Participation] | None:
        its = self._class_of(event.sender)
        is_put = event.type == CREATE and self._settings.creator is None and its is its.peers.unknown
        return (event.sender, Participation.JOIN) if is_put else None

    def _facts_of(self, event: Event, value: dict[str, Any]) -> Facts:  # noqa: ARG002 - as any room does
        assert event.state_key
        return self.facts(event.sender, event.state_key)

    def _judge(
        self, event: Event, value: dict[str, Any], facts: Mapping[str, Value] | None = None
    ) -> tuple[Decision, Settings]:
        after = self._after(event)
        return self._backed(value, event, self._judge_content(event, facts, after)), after

    def _after(self, event: Event) -> Settings:
        return self._change(self._settings, event)

    def _backed(self, value: Mapping[str, Any], event: Event, decision: Decision) -> Decision:
        """The same decision, unless the event names other `authEvents` than must back it."""
        if "authEvents" in value:
            from fsm.mimi.auth_events import BACKING, compare, read_auth_events  # noqa: PLC0415 - as above

            given = read_auth_events(value["authEvents"])
            backing = judge((BACKING,), compare(given, self._select(event), self._seen()))
            if not backing:
                return replace(backing, before=decision.before, after=decision.before)
        return decision

    def _judge_content(self, event: Event, facts: Mapping[str, Value] | None, after: Settings) -> Decision:
        action = self._asked(event)
        if action is not None:
            assert event.state_key
            table, by, to = self._rules.table(self._rule), self._class_of(event.sender), self._class_of(event.state_key)
            is_self = event.sender == event.state_key
            if facts is None:
                return table.decide(action, by, to, is_self=is_self)
            *asked, code = table.question(action, by, to, is_self=is_self)
            return self._memory[*asked, code + weight_of(self.policy, facts)]
        kind, its = kind_of(event), self._class_of(event.sender)
        redacted = event.said if kind is Kind.REDACTION else None
        is_own = redacted is not None and self._is_sent_by(event.sender, redacted)
        told = self._settings.facts(event, its.state, its.peers.powers, after, is_own_event=is_own)
        decision = self._rules.judge(kind, told)
        if not decision and redacted is not None and self._is_unknown(redacted):
            return replace(decision, reason=self._forgotten(redacted) or decision.reason)
        return decision

    def _is_sent_by(self, sender: str, event_id: str) -> bool:
        """Whether the room knows an event, and this user has sent it."""
        known = None if self._is_unknown(event_id) else self._entry(event_id)
        return known is not None and known.sender == sender

    def _is_unknown(self, event_id: str) -> bool:
        """Whether the room does not know an event, or has forgotten it."""
        past = self._past
        position = None if past is None else past.find(event_id)
        return position is None or past is None or position < past.first

    def _select(self, event: Event) -> "list[StateKey]":
        from fsm.mimi.auth_events import select  # noqa: PLC0415 - takes long to load, and few need it

        return select(event, self._asked(event), self._settings.roles)

    def _entry(self, event_id: str | None) -> Entry | None:
        """What is kept of the event with this id."""
        if event_id is None or self._past is None:
            return None
        position = self._past.find(event_id)
        return None if position is None else self._past[position]

    def _known_answer(self, event: Event, value: dict[str, Any]) -> Decision | None:
        """As any room does; but a message that could not be read when it came is judged when it can be."""
        known = self._entry(event.event_id)
        if known is None:
            return None
        if known.read is HIDDEN and event.type != known.type:
            if (known.sender, None) != (event.sender, event.state_key):
                raise another(event)
            return None
        return super()._known_answer(event, value)

    def _seen(self) -> "Views":
        """The past as questions are asked of it, up to now."""
        past = self._past
        if self._views is None or past is None or self._views.past is not past or self._views.start != past.start:
            from fsm.mimi.history import Views  # noqa: PLC0415 - takes long to load, and few need it

            self._views = Views(past or Past(), self.policy.participation_events)
        self._views.read_on()
        return self._views

    def _change(self, settings: Settings, event: Event) -> Settings:
        after = settings.after(event)
        if after.join_rule not in self._rules.join_rule:
            raise EventError("content.rule", f"`{after.join_rule}` is no join rule of policy `{self.policy.id}`")
        return after
