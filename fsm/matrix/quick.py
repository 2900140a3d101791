"""The short way of ordinary Matrix events: sound ones, that raise no question but who may send them."""

from collections.abc import Mapping
from typing import Any

from fsm.decision import Decision
from fsm.event import MAX_TEXT, plain
from fsm.locks import lock_of
from fsm.matrix import citing
from fsm.matrix.events import AUTHORISER, MEMBER, TOKEN, is_redacted
from fsm.matrix.ids import is_user_id
from fsm.matrix.judging import MatrixJudging
from fsm.matrix.levels import NAMED
from fsm.matrix.settings import Settings
from fsm.observers import Attached
from fsm.participation.participant import Member
from fsm.past import Read
from fsm.room.judging import UNREADABLE

_LEAST_FIELDS = len(("type", "sender", "content"))


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

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why. Nothing changes.

        Raises `EventError` when the event cannot be read.
        """
        try:
            if type(event) is dict and (event_type := event["type"]) != MEMBER and type(event_type) is str:
                return self._quick_other(event, event_type)
            return self._quick(event)
        except UNREADABLE:
            return self._decide_carefully(event)

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            return known if known is not None and known.judged else self._answer(read, value, facts)

    def _send_carefully(self, event: Mapping[str, Any], attached: Attached | None) -> Decision:
        if attached is not None or type(event) is not dict:
            return super()._send_carefully(event, attached)
        with lock_of(self):
            try:
                decision = self._quick_other(event, event["type"]) if self._attached is None else None
            except UNREADABLE:
                decision = None
            if decision is not None and not (decision.allowed and event["type"] in Settings.types):
                if decision.allowed:
                    key = event.get("state_key")
                    self._revision += 1
                    self._remember(event.get("event_id"), event["sender"], event["type"], key, decision, None)
                return decision
        return super()._send_carefully(event, attached)

    def _quick_other(self, event: dict[str, Any], event_type: str) -> Decision:  # noqa: C901, PLR0912 - as in `_quick`
        """Look up a sound and ordinary event that is no matter of membership. Raises `UNREADABLE` for any other one."""
        settings, rules, table = self._settings, self._rules, self._table
        sender, content = event["sender"], event["content"]
        if type(sender) is not str or type(content) is not dict or event_type in rules.own_types:
            raise TypeError
        if not event_type.isascii() or not 0 < len(event_type) <= MAX_TEXT:
            raise KeyError(event_type)
        size, sending, default = len(event) - _LEAST_FIELDS, rules.messages, "events_default"
        if size:
            if "event_id" in event:
                event_id = event["event_id"]
                if type(event_id) is not str or not event_id or len(event_id) > MAX_TEXT or not event_id.isascii():
                    raise KeyError(event_id)
                past = self._past
                if "unsigned" in event or (past is not None and event_id in past.words):
                    raise KeyError(event_id)
                size -= 1
            if "room_id" in event:
                room_id = event["room_id"]
                if type(room_id) is not str or room_id != self.id:
                    raise KeyError(room_id)
                size -= 1
            if "state_key" in event:
                key, sending, default = event["state_key"], rules.states, "state_default"
                if type(key) is not str or (key and not _is_own(key, sender)):
                    raise KeyError(event_type)
                size -= 1
            if size and (citing.AUTH_EVENTS in event or plain(event) is not event):
                raise KeyError(event_type)
        for key, part in content.items():
            if type(part) is not str or type(key) is not str or not part.isascii() or not key.isascii():
                if plain(content) is content:
                    break
                raise TypeError
        by, levels = self._members.get(sender) or self._stranger(sender), settings.levels
        power, required = by.peers.powers, None
        if power is None:
            power = table.rule.others  # type: ignore[union-attr]  # no table is one of `UNREADABLE`
        if levels is not None:
            required = levels.events.get(event_type)
            if required is None:
                required = levels.named.get(default)
        decision = sending[power >= (NAMED[default] if required is None else required)][by]
        if self._table is not table or table is None or self._settings is not settings:
            raise KeyError(event_type)
        return decision


def _is_own(key: str, sender: str) -> bool:
    """Whether a `state_key` is sound, and no other user's."""
    return len(key) <= MAX_TEXT and key.isascii() and (not key.startswith("@") or key == sender)
