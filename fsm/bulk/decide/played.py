"""Histories that are played: in real rooms of a family, by what its scenario and its syntax say.

Every event is chosen at random among those that can be asked, until one is found that
the room allows; now and then anything at all is tried, which the policy mostly refuses.
It takes longer than what `fsm.bulk.write.synth` does for families with columns, and asks for
no more than a `fsm.Family`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any, TypeAlias

import pyarrow as pa

from fsm.bulk.read import layout
from fsm.errors import DefinitionError
from fsm.family import AnyPolicy, Family
from fsm.scenario import Scenario
from fsm.syntax import Syntax

JSON: TypeAlias = dict[str, Any]

PIECE = 2**14
"""So many events are in a piece of a history."""

_TRIED = 32
"""Of so many events the first that the room allows is sent."""

_ATTEMPTS = 0.06
_SETTINGS = 0.03
_STRANGERS = 0.3
"""The shares of attempts at random, of events that set something, and of targets who may be new to the room."""


def play(policy: AnyPolicy, family: Family, sizes: tuple[int, int, int], seed: int) -> Iterator[list[JSON]]:
    """So many events, in so many rooms, by so many users: in pieces, in the order in which they are sent.

    Raises `DefinitionError` when no other user ids can be made out of the scenario's.
    """
    count, rooms, users = sizes
    random = Random(seed)  # noqa: S311 - a history, and no secret
    scenario, syntax = family.scenario_of(policy), family.syntax_of(policy)
    if scenario is None:
        raise DefinitionError(f"policy `{policy.id}`: its family `{family.id}` offers no events to build rooms from")
    ids = [_user(family, scenario, syntax, number) for number in range(users)]
    played = [_Room(policy, family, f"!r{number}", ids, random) for number in range(rooms)]
    weights = [random.lognormvariate(0, 1.5) for _ in played]
    chosen = iter(random.choices(played, weights, k=count))
    beginnings = [event for room in played for event in room.begin()]
    events = iter(beginnings[:count])
    left = max(count - len(beginnings), 0)
    whole = (event for part in (events, (room.next() for room in islice(chosen, left))) for event in part)
    while piece := list(islice(whole, PIECE)):
        yield piece


def table(events: Sequence[JSON]) -> pa.Table:
    """The events as rows of the layout."""
    known = {layout.ROOM: "room_id", layout.SENDER: "sender", layout.TYPE: "type", layout.STATE_KEY: "state_key"}
    columns = {name: [event.get(key) for event in events] for name, key in known.items()}
    columns |= {name: [None] * len(events) for name in (layout.TARGET, layout.ACTION)}
    columns[layout.CONTENT] = [json.dumps(event["content"]) for event in events]
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


class _Room:
    """A room in which something goes on."""

    def __init__(self, policy: AnyPolicy, family: Family, room_id: str, users: Sequence[str], random: Random) -> None:
        scenario = family.scenario_of(policy)
        assert scenario is not None
        self._policy = policy
        self._scenario = scenario
        self._syntax = family.syntax_of(policy)
        self._id = room_id
        self._users = users
        self._random = random
        self._room = family.room(room_id, policy=policy)
        creator, *others = random.sample(range(len(users)), min(len(users), len(scenario.users)))
        self._names = dict(zip(scenario.users, (users[each] for each in (creator, *others)), strict=False))
        self._known = [users[creator]]
        self._forms = {action: [*self._syntax.forms(policy, action)] for action in policy.triggers}

    def begin(self) -> list[JSON]:
        """The events with which the room begins."""
        opening = self._scenario.searched[0]
        events = [self._own(event) for event in opening]
        for event in events:
            self._room.send(event)
        return events

    def next(self) -> JSON:
        """The next event, which has been sent."""
        random = self._random
        settings = [*self._scenario.settings.values()]
        settings += [event for log in self._scenario.assignments for event in log]
        if settings and random.random() < _SETTINGS:
            event = self._own(random.choice(settings))
        elif random.random() < _ATTEMPTS:
            event = self._change(random.choice(self._users))
        else:
            event = next(filter(self._room.decide, (self._likely() for _ in range(_TRIED))), self._likely())
        if self._room.send(event):
            target = self._syntax.target_of(event)
            if target in self._users and target not in self._known:
                self._known.append(target)
        return event

    def _likely(self) -> JSON:
        standing = [*self._room.participations()]
        is_known = not standing or self._random.random() < _STRANGERS
        return self._change(self._random.choice(self._known if is_known else standing))

    def _change(self, sender: str) -> JSON:
        random = self._random
        target = random.choice((sender, random.choice(self._users if random.random() < _STRANGERS else self._known)))
        action = random.choice(self._policy.triggers)
        told = random.choice(self._forms[action])
        return {**self._syntax.write(self._policy, action, sender, target, **told), "room_id": self._id}

    def _own(self, event: Mapping[str, Any]) -> JSON:
        """An event of the scenario, by those who play its users here."""
        return {**_renamed(event, self._names), "room_id": self._id}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, str(value))
    if isinstance(value, Mapping):
        return {_renamed(key, names): _renamed(inner, names) for key, inner in value.items()}
    return [_renamed(inner, names) for inner in value] if isinstance(value, list) else value


def _user(family: Family, scenario: Scenario, syntax: Syntax, number: int) -> str:
    """Another user id: a stranger's, with a number behind its first word."""
    user = re.sub(r"[^\W\d_]+", lambda word: f"{word[0]}{number}", scenario.strangers[0], count=1)
    if not syntax.is_user(user) or user == scenario.strangers[0]:
        raise DefinitionError(f"family `{family.id}`: no other user ids can be made out of those of its strangers")
    return user
