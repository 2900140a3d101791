"""What Matrix events cost that are no changes of membership: messages, other state and power levels.

The look-up is the same as for changes: a table in the loop that goes through the events, with all that is known of
users as numbers at hand. It checks nothing of an event and gives no reasons.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.clock import Stream, least, sized, timings
from benchmarks.decisions import DECIDE, LOOK_UP, MANY, SYNAPSE, SYNAPSE_CHECK, Cost, check, costs, synapse_times
from benchmarks.workload import Event, MatrixWorkload, asking
from fsm.matrix.room import MatrixRoom
from fsm.matrix.settings import POWER_LEVELS

MESSAGES, STATE = "messages", "other state"
ENTRIES = (10, 100, 1_000, sized(10_000))
"""The users who have a level, in power levels."""

_ROUNDS = 15
_MOST_OF_SYNAPSE = 1_000
"""With more entries than this Synapse's check is not measured: its time grows with the square of their number."""


@dataclass(frozen=True)
class Growth:
    """What power levels of so many entries take, of which one changes: ours, and Synapse's check if it is there."""

    entries: int
    seconds: float
    synapse: float | None


def by_kind(workload: MatrixWorkload) -> dict[str, list[Cost]]:
    """By kind of event: ours, the look-up, and Synapse's check where it is installed. Raises `WrongVerdictsError`."""
    return {name: _costs(_asking(workload, events)) for name, events in _events(workload).items()}


def by_entries() -> list[Growth]:
    """How power levels grow. Raises `WrongVerdictsError`."""
    return [_growth(size) for size in ENTRIES]


def _events(workload: MatrixWorkload) -> dict[str, list[Event]]:
    """As many messages and state events as there are changes, by the same senders."""
    common = [{name: event[name] for name in ("room_id", "event_id", "sender")} for event in workload.events]
    return {
        MESSAGES: [{**each, "type": "m.room.message", "content": {"body": "tea"}} for each in common],
        STATE: [{**each, "type": "m.room.topic", "state_key": "", "content": {"topic": "tea"}} for each in common],
    }


def _asking(workload: MatrixWorkload, events: Sequence[Event]) -> MatrixWorkload:
    return MatrixWorkload(workload.room, events, workload.opened, state=workload.state)


def _costs(workload: MatrixWorkload) -> list[Cost]:
    look_up = _look_up(workload)
    check(LOOK_UP, [look_up([event]) for event in workload.events], workload.verdicts)
    quick = {DECIDE: workload.deciding(), LOOK_UP: Stream(lambda: look_up, workload.lines())}
    taken = dict(zip(quick, timings([stream.round for stream in quick.values()], MANY), strict=True))
    versions = {}
    if SYNAPSE.exists():
        taken[SYNAPSE_CHECK], versions[SYNAPSE_CHECK] = synapse_times(
            workload.state, workload.events, workload.verdicts, MANY
        )
    return costs(taken, versions)


def _look_up(workload: MatrixWorkload) -> Callable[[Sequence[Event]], bool]:
    """The least that plain Python can do for these events in this room: whether the last of them is allowed."""
    levels: Any = next(event["content"] for event in workload.state if event["type"] == POWER_LEVELS)
    joined = {user for user, state in workload.room.participations().items() if state == "join"}
    users = {
        event["sender"]: (event["sender"] in joined, workload.room.power(event["sender"])) for event in workload.events
    }
    required = levels.get("events", {}).get
    defaults = (levels.get("events_default", 0), levels.get("state_default", 50))
    rows = [False] * 7 + [True]

    def loop(events: Sequence[Event], get: Any = users.get, nobody: tuple[bool, int] = (False, 0)) -> bool:
        allowed = False
        for event in events:
            sender, key = event["sender"], event.get("state_key", "")
            is_in, power = get(sender, nobody)
            may_send = power >= required(event["type"], defaults["state_key" in event])
            allowed = rows[is_in + 2 * may_send + 4 * (not key.startswith("@") or key == sender)]
        return allowed

    return loop


def _growth(size: int) -> Growth:
    users = {f"@user{number}:host{number % 97}.example": number % 50 for number in range(size)}
    creator, changed = "@creator:hub.example", "@user0:host0.example"
    common = {"room_id": "!levels:hub.example", "sender": creator}

    def state(event_type: str, content: Event, state_key: str = "") -> Event:
        return {**common, "type": event_type, "state_key": state_key, "content": content}

    given = [
        state("m.room.create", {"room_version": "11"}),
        state("m.room.member", {"membership": "join"}, creator),
        state(POWER_LEVELS, {"users": {creator: 100, **users}}),
    ]
    event = state(POWER_LEVELS, {"users": {creator: 100, **users, changed: 75}})
    room = MatrixRoom.from_state(given)
    verdicts = [room.decide(event).allowed]
    synapse = None
    if SYNAPSE.exists() and size <= _MOST_OF_SYNAPSE:
        synapse = synapse_times(given, [event], verdicts, _ROUNDS)[0].least
    stream = Stream(asking(room.decide), [json.dumps(event)])
    (ours,) = least([stream.round], _ROUNDS)
    return Growth(size, ours, synapse)
