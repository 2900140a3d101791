"""Facts that rooms of two policies work out differently from the same log.

The table of a policy is not all there is to a family: how permissions add up, for
one, is decided before any guard is asked. So the same events are sent to a room of
each policy, and the facts are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cache
from itertools import product
from typing import Any

from fsm.errors import PolicyError
from fsm.facts import Value, spell
from fsm.family import AnyPolicy, AnyRoom
from fsm.memory import memory_of
from fsm.policies import family_of, new_room
from fsm.policy import Policy
from fsm.review.search.play import Play, play_of
from fsm.scenario import Log
from fsm.unrecorded import unrecorded


@dataclass(frozen=True, slots=True)
class Reading:
    """A fact with two values in the same room. The last event of the log is a question of which it has them."""

    fact: str
    old: Value
    new: Value
    log: Log

    @property
    def sentence(self) -> str:
        """The difference in one line."""
        return f"`{self.fact}`: {spell(self.old)} → {spell(self.new)} in the same room"


@unrecorded()
def readings(old: AnyPolicy, new: AnyPolicy) -> tuple[Reading, ...]:
    """The facts that differ, each with the shortest log, rather one to a question that the fact decides."""
    first, second = play_of(old), play_of(new)
    if first is None or second is None or _family_id(old) != _family_id(new) or not other_fields(old, new):
        return ()
    rank_of = cache(_rank)
    best: dict[tuple[str, Value, Value], tuple[tuple[int, int], Reading]] = {}
    for log, rooms in _rooms(old, new, first):
        for action, play in product(old.triggers, (first, second)):
            for question in play.questions(action):
                one, other = (_facts(play, room, question) for room in rooms)
                if one == other or not all(_is_change(room, question) for room in rooms):
                    continue
                for fact, before, after in _differing(one, other):
                    otherwise = replace(one, **{fact: after})
                    rank = min(rank_of(policy, action, one, otherwise) for policy in (old, new)), len(log)
                    if (fact, before, after) not in best or rank < best[fact, before, after][0]:
                        best[fact, before, after] = rank, Reading(fact, before, after, (*log, question))
    return tuple(reading for _, reading in best.values())


def _family_id(policy: AnyPolicy) -> str:
    family = family_of(policy)
    return "" if family is None else family.id


def other_fields(old: AnyPolicy, new: AnyPolicy) -> list[str]:
    """What else the policies of a family hold, beyond the table, and do not hold alike. Mere names do not count."""
    known = {item.name for item in fields(Policy)}
    names = dict.fromkeys(
        item.name for policy in (old, new) for item in fields(policy) if item.compare and item.name not in known
    )
    return [name for name in names if getattr(old, name, None) != getattr(new, name, None)]


def _rooms(old: AnyPolicy, new: AnyPolicy, play: Play) -> Iterator[tuple[Log, tuple[AnyRoom, AnyRoom]]]:
    """Logs that deal roles in every way, and the rooms that they lead to under both policies."""
    for opening, assignment in product((*play.openings, *play.compared), ((), *play.assignments)):
        log = (*opening, *assignment)
        rooms = new_room(old), new_room(new)
        try:
            if all(room.send(event) for room in rooms for event in log):
                yield log, rooms
        except PolicyError:
            continue


def _facts(play: Play, room: AnyRoom, question: dict[str, Any]) -> Any:
    """The facts of a question; None where the room does not take it for one."""
    try:
        return play.facts(room, question)
    except PolicyError:
        return None


def _is_change(room: AnyRoom, question: dict[str, Any]) -> bool:
    """Whether the room takes the event for a change of participation."""
    try:
        return room.decide(question).before is not None
    except PolicyError:
        return False


def _rank(policy: AnyPolicy, action: StrEnum, one: Any, other: Any) -> int:
    """How well a question shows what a fact does: best when it turns the verdict, then when it turns the reasons."""
    decisions = [memory_of(policy).machine.decide(action, facts) for facts in (one, other)]
    if decisions[0].allowed is not decisions[1].allowed:
        return 0
    return 1 if decisions[0] != decisions[1] else 2


def _differing(one: Any, other: Any) -> Iterator[tuple[str, Value, Value]]:
    for item in fields(one):
        value = getattr(one, item.name)
        if value is not getattr(other, item.name, value):
            yield item.name, value, getattr(other, item.name)
