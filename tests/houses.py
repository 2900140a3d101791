"""A toy family: houses, whose rooms are the states, and whose owner says in a data file how people get about in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fsm import Asked, DefinitionError, Domain, Guard, Policy, State, Transition, about, guard
from fsm.facts import EVENT, SENDER, TARGET, PairFacts
from fsm.state import Display, Tone

DATA = 'a house, as `{"house": name, "doors": {room: [rooms that it has doors to]}}`'


class Deed(StrEnum):
    """What people do in a house."""

    GO = "go"
    SHOW_OUT = "show_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseFacts(PairFacts[State]):
    """Who is where, who goes where, and whose house it is."""

    target: State = about(TARGET)
    sender: State = about(SENDER)
    wanted: State = about(EVENT)
    is_owner: bool = about(SENDER, plain=False)


@guard("the sender is the target", fails="the sender is not the target", tells_kind=True)
def sender_is_target(facts: HouseFacts) -> bool:
    """People go by themselves."""
    return facts.is_self


@guard("the sender is the owner", fails="the sender is not the owner")
def sender_is_owner(facts: HouseFacts) -> bool:
    """The house is the sender's."""
    return facts.is_owner


@dataclass(frozen=True)
class Doors:
    """Whether a door leads from where the target is to where they want to go."""

    pairs: frozenset[tuple[State, State]]

    @property
    def __name__(self) -> str:
        return "door_leads_there"

    def __call__(self, facts: HouseFacts) -> bool:
        return (facts.target, facts.wanted) in self.pairs


def policy_of_data(value: object, _: str = "") -> Policy[HouseFacts] | None:
    """The policy of a house; None for what is no house. Raises `DefinitionError` for one that cannot stand."""
    if not isinstance(value, Mapping) or "house" not in value:
        return None
    name, doors = value["house"], value.get("doors")
    if not isinstance(name, str) or not name or not isinstance(doors, Mapping) or len(doors) < 2:
        raise DefinitionError("a house has a name, and two rooms or more under `doors`")
    rooms = {word: State(word, f"the {word}") for word in doors}
    pairs = frozenset(_pairs(doors, rooms))
    leads = Guard(Doors(pairs), "a door leads there", "no door leads there")
    outside, *inside = rooms.values()
    return Policy(
        name,
        f"The house {name}",
        "a data file",
        Domain(HouseFacts, dict.fromkeys(("target", "sender", "wanted"), tuple(rooms.values()))),
        (
            Transition("go", Deed.GO, {*rooms.values()}, Asked("wanted"), (sender_is_target, leads), "1"),
            Transition("show_out", Deed.SHOW_OUT, {*inside}, outside, (sender_is_owner,), "2"),
        ),
        family="tests.houses",
        displays={outside: Display(tone=Tone.OUTSIDE)},
    )


def _pairs(doors: Mapping[str, Any], rooms: Mapping[str, State]) -> Iterator[tuple[State, State]]:
    for room, others in doors.items():
        for other in others if isinstance(others, list) else ("",):
            if not isinstance(other, str) or other not in rooms:
                raise DefinitionError(f"`doors.{room}` is no list of rooms of the house")
            yield rooms[room], rooms[other]


DOORS = {"garden": ["hall"], "hall": ["garden", "kitchen"], "kitchen": ["hall"]}
COTTAGE = {"house": "cottage", "doors": DOORS}
HOUSE = policy_of_data(COTTAGE)
