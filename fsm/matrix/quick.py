"""The short way of ordinary Matrix events: sound ones, that raise no question but who may send them."""

from collections.abc import Mapping
from typing import Any

from fsm.decision import Decision
from fsm.event import MAX_TEXT, is_surely_plain, plain
from fsm.locks import lock_of
from fsm.matrix import citing
from fsm.matrix.events import (
    AUTHORISER,
    TOKEN,
    is_redacted,
)
from fsm.matrix.ids import is_user_id
from fsm.matrix.judging import MatrixJudging
from fsm.matrix.settings import Settings
from fsm.observers import Attached
from fsm.participation.participant import Member
from fsm.participation.terms import Participation
from fsm.past import Read

_JOIN = Participation.JOIN


class MatrixQuick(MatrixJudging[Member]):
    """Matrix rooms that look ordinary events up."""

    __slots__ = ()

    @staticmethod
    def _is_user(user: object) -> bool:
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
                decision = self._quick_other(event) if self._attached is None else None
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
