"""How the cost of a decision grows: with the members of a room, and with the states of a policy."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from benchmarks.clock import least, seconds_each, sized
from fsm import Domain, Machine, Policy, Room, Transition, guard
from fsm.memory import Key, memory_of

MEMBERS = (10, 100, 1_000, 10_000, sized(100_000))
STATES = (5, 10, 20, 40, 60)
_QUESTIONS = 2_000
_ROUNDS = 15
_ACTIONS = ("invite", "join", "leave", "ban", "knock")
_HALF = 0.5


@dataclass(frozen=True)
class Step:
    """What a decision takes at one size, in seconds; `first` when it is the first of its kind."""

    size: int
    seconds: float
    first: float | None = None


def by_members() -> list[Step]:
    """In rooms of so many members, who ask for whatever they like of whomever they like."""
    return [Step(size, *least([_questions(size)], _ROUNDS)) for size in MEMBERS]


def _questions(size: int) -> Callable[[], float]:
    users = [f"@user{number}:host{number % 97}.example" for number in range(size)]
    state: list[dict[str, Any]] = [
        {"type": "m.room.create", "sender": users[0], "state_key": "", "content": {}},
        {"type": "m.room.join_rules", "sender": users[0], "state_key": "", "content": {"rule": "public"}},
        *(_change(user, user, "join") for user in users),
    ]
    room, dice = Room.from_state(state), random.Random(size)  # noqa: S311 - no secret
    events = []
    for _ in range(_QUESTIONS):
        sender, target = dice.choice(users), dice.choice(users)
        events.append(_change(sender, sender if dice.random() < _HALF else target, dice.choice(_ACTIONS)))
    return partial(seconds_each, room.decide, events)


def _change(sender: str, target: str, action: str) -> dict[str, Any]:
    return {"type": "m.room.user", "sender": sender, "state_key": target, "content": {"participation": action}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _RingFacts:
    """The facts of a policy without a protocol. Its domain gives the states their type."""

    target: StrEnum
    sender: StrEnum
    is_self: bool
    may: bool


@guard("the sender is the target", fails="the sender is not the target")
def _is_self(facts: _RingFacts) -> bool:
    return facts.is_self


@guard("the sender may", fails="the sender may not")
def _may(facts: _RingFacts) -> bool:
    return facts.may


def by_states() -> list[Step]:
    """Under policies of so many states, each with three rows: on, back, and round again."""
    return [_step(size) for size in STATES]


def _step(size: int) -> Step:
    policy = _ring(size)
    dice = random.Random(size)  # noqa: S311 - no secret
    weights = policy.domain.weights
    keys: list[Key] = []
    for _ in range(_QUESTIONS):
        action, target, sender = (dice.choice(policy.states) for _ in range(3))
        code = weights["is_self"][dice.random() < _HALF] + weights["may"][dice.random() < _HALF]
        keys.append((str(action), target, sender, code))
    memory, machine = memory_of(policy), Machine(policy)
    facts = [(key[0], policy.domain.unpack(key[3], target=key[1], sender=key[2])) for key in keys]
    for key in keys:
        memory[key]  # the first time, the machine decides
    known, first = least(
        [
            partial(seconds_each, memory.__getitem__, keys),
            partial(seconds_each, lambda question: machine.decide(*question), facts),
        ],
        _ROUNDS,
    )
    return Step(size, known, first)


def _ring(size: int) -> Policy[Any]:
    enum: Any = StrEnum
    made = enum("State", [f"s{number}" for number in range(size)])
    states: list[StrEnum] = list(made)
    record = type("Facts", (_RingFacts,), {"__annotations__": {"target": made, "sender": made}})
    rows = []
    for number, state in enumerate(states):
        after, before = states[(number + 1) % size], states[number - 1]
        rows += [
            Transition(f"on-{number}", after, {state}, after, (_is_self,), clause="1"),
            Transition(f"back-{number}", before, {state}, before, (_may,), clause="2"),
            Transition(f"again-{number}", state, {state}, state, (_is_self, _may), clause="3"),
        ]
    return Policy("ring", "A ring", "made up", Domain(dataclass(frozen=True, kw_only=True)(record)), tuple(rows), "")
