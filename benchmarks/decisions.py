"""What a decision costs, beside its peers, in one run: `make bench`.

Every peer answers the same events in the same room, and its verdicts are
compared with ours before its time counts. The measure is the ratio, not the
time, which depends on the machine.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import transitions

from fsm import MIMI, Facts, Guard, Machine, Participation, Room
from fsm.mimi.roles import BAN, INVITE, KICK

Event: TypeAlias = Mapping[str, Any]
Ask: TypeAlias = Callable[[Event], bool]

LOG = Path(__file__).parent.parent / "examples" / "day.jsonl"
ROUNDS = 15
SLOW_ROUNDS = 2


def main() -> None:
    room, events = busy_room()
    facts_of = known_facts(room, events)
    peers: dict[str, tuple[Ask, int]] = {
        "inlined table look-up": (table_look_up(room), ROUNDS),
        "fsm: Room.decide": (lambda event: room.decide(event).allowed, ROUNDS),
        "transitions, one machine shared": (shared_machine(facts_of), SLOW_ROUNDS),
        "transitions, a machine per pair": (machine_per_pair(facts_of), SLOW_ROUNDS),
    }
    expected = [room.decide(event).allowed for event in events]
    times = {}
    for name, (ask, rounds) in peers.items():
        wrong = sum(ask(event) is not verdict for event, verdict in zip(events, expected, strict=True))
        if wrong:
            sys.exit(f"{name}: {wrong} verdicts differ from ours, so its time means nothing")
        times[name] = min(measure(ask, events) for _ in range(rounds))
    ours = times["fsm: Room.decide"]
    print(f"{len(events)} participation changes in a room of {len(room.participations())}, best of {ROUNDS} rounds\n")
    print(f"{'':<34}{'ratio to us':>12}{'ns/decision':>14}")
    for name, cost in times.items():
        print(f"{name:<34}{cost / ours:>11.2f}x{cost * 1e9:>14,.0f}")
    print(f"\n{'import':<34}{'ratio to us':>12}{'ms':>14}")
    imports = {module: min(import_time(module) for _ in range(7)) for module in ("fsm", "transitions")}
    for module, cost in imports.items():
        print(f"{module:<34}{cost / imports['fsm']:>11.2f}x{cost * 1e3:>14,.1f}")


def busy_room() -> tuple[Room, list[Event]]:
    """The public room of the example day, at its end, and the changes asked for that day."""
    events = [json.loads(line) for line in LOG.open(encoding="utf-8")]
    room_id = events[0]["room_id"]
    room = Room(room_id)
    mine = [event for event in events if event["room_id"] == room_id]
    for event in mine:
        room.send(event)
    return room, [event for event in mine if event["type"] == "m.user"]


def measure(ask: Ask, events: list[Event]) -> float:
    """Seconds for one question."""
    started = time.perf_counter()
    for event in events:
        ask(event)
    return (time.perf_counter() - started) / len(events)


def table_look_up(room: Room) -> Ask:
    """The least that plain Python can do: work out the facts and look them up, nothing checked."""
    machine = Machine(MIMI)
    table = {
        (
            action.value, facts.target.value, facts.sender.value, facts.is_self, facts.join_rule.value,
            facts.may_invite, facts.may_kick, facts.may_ban, facts.outranks_for_kick, facts.outranks_for_ban,
        ): machine.decide(action, facts).allowed
        for action, facts in MIMI.cells()
    }  # fmt: skip
    states = {user: state.value for user, state in room.participations().items()}
    users = {
        *states,
        *(f"@tow{number:02}:{host}.example" for number in range(99) for host in ("hub", "north", "south")),
    }
    powers = {}
    for user in users:
        held = room.standing(user)
        powers[user] = (held.may(INVITE), held.may(KICK), held.may(BAN), held.power(KICK), held.power(BAN))
    nobody = (False, False, False, -1, -1)
    join_rule = room.facts("", "").join_rule.value

    def ask(event: Event) -> bool:
        sender, target = event["sender"], event["state_key"]
        may_invite, may_kick, may_ban, kick, ban = powers.get(sender, nobody)
        _, _, _, target_kick, target_ban = powers.get(target, nobody)
        return table[
            event["content"]["participation"], states.get(target, "leave"), states.get(sender, "leave"),
            sender == target, join_rule, may_invite, may_kick, may_ban, kick > target_kick, ban > target_ban,
        ]  # fmt: skip

    return ask


class Model:
    """A model as the documentation of `transitions` has it."""

    state: Participation


def stock_machine(model: Model, initial: Participation) -> transitions.Machine:
    machine = transitions.Machine(
        model=model, states=Participation, initial=initial, auto_transitions=False, send_event=True
    )
    for row in MIMI.transitions:
        conditions: list[Any] = [partial(stock_condition, guard) for guard in row.guards]
        machine.add_transition(row.trigger.value, list(row.source), row.dest, conditions=conditions)
    return machine


def stock_condition(guard: Guard[Facts], event: transitions.EventData) -> bool:
    return guard(event.kwargs["facts"])


def trigger(model: Model, event: Event, facts: Facts) -> bool:
    try:
        return bool(model.trigger(event["content"]["participation"], facts=facts))  # type: ignore[attr-defined]
    except transitions.MachineError:
        return False


def known_facts(room: Room, events: list[Event]) -> Mapping[tuple[str, str], Facts]:
    """The facts of every pair, so that the time of a peer is that of its machine alone."""
    return {(event["sender"], event["state_key"]): room.facts(event["sender"], event["state_key"]) for event in events}


def shared_machine(facts_of: Mapping[tuple[str, str], Facts]) -> Ask:
    """One machine with one model, put into the target's state for each question."""
    model = Model()
    stock_machine(model, Participation.LEAVE)

    def ask(event: Event) -> bool:
        facts = facts_of[event["sender"], event["state_key"]]
        model.state = facts.target
        return trigger(model, event, facts)

    return ask


def machine_per_pair(facts_of: Mapping[tuple[str, str], Facts]) -> Ask:
    """A machine of its own for the pair, made for the question."""

    def ask(event: Event) -> bool:
        facts = facts_of[event["sender"], event["state_key"]]
        model = Model()
        stock_machine(model, facts.target)
        return trigger(model, event, facts)

    return ask


def import_time(module: str) -> float:
    """Seconds to import a module in a fresh interpreter."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)  # noqa: S603 - our own text


if __name__ == "__main__":
    main()
