"""The quick way of ordinary Matrix events: sound ones, that raise no question but who may send them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fsm.classes import UserClass
from fsm.decision import Decision
from fsm.errors import EventError
from fsm.event import MAX_TEXT, Event, expect_plain, plain
from fsm.locks import lock_of
from fsm.matrix import citing
from fsm.matrix.events import AUTHORISER, TOKEN, is_redacted
from fsm.matrix.ids import is_user_id
from fsm.matrix.judging import MatrixJudging
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.rows import Kind
from fsm.matrix.rules import Senders
from fsm.matrix.settings import Settings
from fsm.participation.participant import Member
from fsm.past import Read
from fsm.room import JSON
from fsm.room.judging import UNREADABLE


class MatrixQuick(MatrixJudging[Member]):
    """Matrix rooms that look ordinary events up."""

    __slots__ = ()

    _is_user = staticmethod(is_user_id)

    def _is_ordinary(self, event: Mapping[str, Any], action: str | None) -> bool:
        return (
            not is_redacted(event)
            and citing.AUTH_EVENTS not in event
            and not (action == "join" and "prev_events" in event)
        )

    def _read_quickly(self, content: JSON) -> Read:
        expect_plain(content)
        if TOKEN in content or AUTHORISER in content:
            raise KeyError(TOKEN)
        return None

    def reading(self, event: Mapping[str, Any]) -> None:
        """Matrix rooms read every event themselves: some are refused before all of them can be read."""

    def decide_citing(self, event: Mapping[str, Any], others: Sequence[object]) -> Decision:
        """The decision, where all events that this one names as its `auth_events` are in the state or among `others`.

        Others say by `rejected` whether they were rejected. Raises `EventError`, and
        `MissingEventError` for an event cited that is nowhere given.
        """
        if not others:
            try:
                return self._quick(event)  # type: ignore[no-any-return]  # where no kinds are asked for, it is the decision
            except UNREADABLE:
                pass  # which an event that names others is, too
        return super().decide_citing(event, others)

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            return known if known is not None and known.judged else self._answer(read, value, facts)

    @staticmethod
    def _is_ordinary_key(key: str, sender: str) -> bool:
        # Nobody but a user sets what stands under the user's name.
        return len(key) <= MAX_TEXT and key.isascii() and (not key.startswith("@") or key == sender)

    def _look_up_setting(
        self, event: Event, value: JSON, by: UserClass, settings: Settings
    ) -> tuple[Decision, Event, tuple[MatrixPolicy, Settings] | None]:
        if event.state_key:
            raise KeyError(event.type)
        event = self._understood(event)
        kind = self._kind(event)
        if kind is Kind.STATE:
            _, of_state = self._senders_under(settings)
            decision = of_state[event.type][by]
        elif kind is Kind.CREATE:
            decision = self._judge_creation(event, value)
        else:
            decision = self._decide_other(event, kind, {"sender": by.state}, favourable=False)
        try:
            return decision, event, self._after(event) if decision.allowed else None
        except EventError:
            raise KeyError(event.type) from None

    def _senders_under(self, settings: Settings) -> tuple[Senders, Senders]:
        known = self._senders
        if known is None or known[0] is not settings:
            if settings.creation is None:
                raise KeyError(settings)
            known = self._senders = settings, self._rules.senders(settings.levels_in_force)
        return known[1]
