"""Histories of rooms with roles, held against the same room as plain dictionaries: events and commits of any kind."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fsm import EventError, RoleRoom
from tests.room_policy.histories import NoEventError, PlainRoom
from tests.room_policy.questions import Questions

JSON = dict[str, Any]

seeds = st.integers(0, 2**20)
KEYS = ("allowed", "transition", "before", "after", "refusals")


def event_of(seed: int, room: PlainRoom) -> JSON:
    """An event that is asked in a room; each user has clients of their own."""
    questions = Questions(seed)
    event = questions.event(room.state())
    content = dict(event["content"])
    if "clients" in content:
        content["clients"] = [f"{event['state_key']}/{client[-1]}" for client in content["clients"]]
    return {**event, "content": content}


class Histories(RuleBasedStateMachine):
    """A room, and the same room as plain dictionaries."""

    @initialize(seed=seeds, is_rich=st.booleans())
    def begin(self, seed: int, is_rich: bool) -> None:
        questions = Questions(seed)
        questions.is_rich = is_rich
        state = questions.state()
        content = {event["type"]: event["content"] for event in state}
        self.room, self.plain = RoleRoom("r"), PlainRoom(state)
        assert self.room.send({"type": "create", "sender": "ann", "state_key": "", "content": content})

    @rule(seed=seeds)
    def send(self, seed: int) -> None:
        event = event_of(seed, self.plain)
        try:
            wanted = self.plain.send(event)
        except NoEventError:
            self._is_no_event([event])
            return
        self._agree([self.room.decide(event), self.room.send(event)], [wanted, wanted])

    @rule(numbers=st.lists(seeds, min_size=1, max_size=4))
    def commit(self, numbers: list[int]) -> None:
        events = [event_of(seed, self.plain) for seed in numbers]
        try:
            wanted = self.plain.send_many(events)
        except NoEventError:
            self._is_no_event(events)
            return
        decided = self.room.decide_many(events)
        assert self.room.send_many(events) == decided
        self._agree(decided, wanted)

    def _is_no_event(self, events: list[JSON]) -> None:
        try:
            self.room.send_many(events)
        except EventError:
            return
        raise AssertionError(events)

    def _agree(self, decisions: Any, wanted: list[JSON]) -> None:
        for decision, told in zip(decisions, wanted, strict=True):
            said = decision.as_json("")
            assert {key: said[key] for key in KEYS} == {key: told[key] for key in KEYS}

    @invariant()
    def all_is_as_in_the_plain_room(self) -> None:
        if not hasattr(self, "room"):
            return
        listed = {user: state.value for user, state in self.room.participations().items()}
        assert listed == self.plain.listed
        for user in {*listed, *self.plain.group}:
            assert self.room.clients(user) == self.plain.group.get(user, set())
        again = RoleRoom.from_state(self.room.current_state())
        assert again.participations() == self.room.participations()
        assert again.policy == RoleRoom.from_state(self.plain.state()).policy


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
