"""Histories that are played: in real rooms of a family, by what its scenario and its syntax say.

A room begins as one of the openings of the scenario. Then a row of the policy is chosen, and changes at random until
one is found that the row allows; now and then anything at all is tried, which the policy mostly refuses. Who creates a
room stays as they are there, so that something can go on. It takes longer than what `fsm.bulk.write.synth` does for
families with columns, and asks for no more than a `fsm.Family`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain, count, islice
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

_TRIED = 24
"""Of so many changes for a row the first that it allows is sent."""

_ROWS = 6
"""So many rows are tried; then any change will do."""

_ATTEMPTS = 0.07
_SETTINGS = 0.03
_OTHERS = 0.02
_STRANGERS = 0.3
"""The shares of attempts at random, of events that set something, of others, and of targets who may be new here."""


def play(policy: AnyPolicy, family: Family, sizes: tuple[int, int, int], seed: int) -> Iterator[list[JSON]]:
    """So many events, in so many rooms, by so many users: in pieces, in the order in which they are sent.

    Raises `DefinitionError` when no other user ids can be made out of the scenario's.
    """
    events, rooms, users = sizes
    random = Random(seed)  # noqa: S311 - a history, and no secret
    scenario, syntax = family.scenario_of(policy), family.syntax_of(policy)
    if scenario is None:
        raise DefinitionError(f"policy `{policy.id}`: its family `{family.id}` offers no events to build rooms from")
    ids = [_user(family, scenario, syntax, number) for number in range(users)]
    played = [_Room(policy, family, f"!r{number}", ids, random) for number in range(rooms)]
    weights = [random.lognormvariate(0, 1.5) for _ in played]
    chosen = iter(random.choices(played, weights, k=events))
    beginnings = [event for room in played for event in room.begin()]
    left = max(events - len(beginnings), 0)
    whole = chain(beginnings[:events], (room.next() for room in islice(chosen, left)))
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
        self._creator = users[creator]
        self._known = [self._creator]
        self._forms = {action: [*self._syntax.forms(policy, action)] for action in policy.triggers}
        self._settings = [
            *scenario.settings.values(),
            *(event for log in scenario.assignments for event in log),
        ]

    def begin(self) -> list[JSON]:
        """The events with which the room begins."""
        opening = self._random.choice([*self._scenario.openings.values()])
        events = [self._own(event) for event in opening.log]
        for event in events:
            self._room.send(event)
        return events

    def next(self) -> JSON:
        """The next event, which has been sent."""
        event = self._chosen(self._random.random())
        if self._room.send(event):
            target = self._syntax.target_of(event)
            if target in self._users and target not in self._known:
                self._known.append(target)
        return event

    def _chosen(self, share: float) -> JSON:
        """An event of the kind that a number from 0 to 1 says."""
        random = self._random
        if share < _ATTEMPTS:
            attempts = (self._change(random.choice(self._users), random.choice(self._policy.triggers)) for _ in count())
            return next(filter(self._is_kept, attempts))
        if self._settings and share < _ATTEMPTS + _SETTINGS:
            return self._own(random.choice(self._settings))
        if self._scenario.attempts and share < _ATTEMPTS + _SETTINGS + _OTHERS:
            return self._own(random.choice(self._scenario.attempts))
        return self._likely()

    def _is_kept(self, event: JSON) -> bool:
        """Whether the creator stays as they are."""
        if self._syntax.target_of(event) != self._creator:
            return True
        decision = self._room.decide(event)
        return not decision or decision.after == decision.before

    def _likely(self) -> JSON:
        """A change that the room allows, by one of the rows that are tried if one is found, else by any."""
        random, standing, rows = self._random, [*self._room.participations()], self._policy.transitions
        allowed = None
        for row in random.sample(rows, min(_ROWS, len(rows))):
            for _ in range(_TRIED):
                is_known = not standing or random.random() < _STRANGERS
                event = self._change(random.choice(self._known if is_known else standing), row.trigger)
                decision = self._room.decide(event)
                if decision and self._is_kept(event):
                    allowed = event
                    if decision.transition == row.id:
                        return event
        if allowed is None and self._settings:
            # Nobody can do anything until something is set otherwise, or somebody is assigned something.
            return self._own(random.choice(self._settings), random.sample(self._users, len(self._users)))
        return event if allowed is None else allowed

    def _change(self, sender: str, action: StrEnum) -> JSON:
        random = self._random
        target = random.choice((sender, random.choice(self._users if random.random() < _STRANGERS else self._known)))
        told = random.choice(self._forms[action])
        return {**self._syntax.write(self._policy, action, sender, target, **told), "room_id": self._id}

    def _own(self, event: Mapping[str, Any], others: Sequence[str] = ()) -> JSON:
        """An event of the scenario, by those who play its users here; all but the creator may be `others`."""
        others = [user for user in others if user != self._creator]
        names = {**self._names, **dict(zip([*self._names][1:], others, strict=False))}
        return {**_renamed(event, names), "room_id": self._id}


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
