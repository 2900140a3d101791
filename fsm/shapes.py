"""The order of the events in a JSON value, and which of them are to be judged.

A log may be lines, arrays, or responses of a server. What a response looks like is a
family's own (`Shapes`), which takes it apart into `Part`s. Here each part
is brought into the order in which its events happened. Clocks say nothing about that:
one that is fast would turn a history into something else.

1. `--order` decides, where somebody has said it.
2. Else the shape does (a state, a timeline, a page with a direction).
3. Else the events do, where they say what came before them (`Shapes.order_of`).
4. Else it is guessed, and said: with the creation first they are oldest first, with the
   creation last newest first. With the creation elsewhere they are a state, if no piece
   of it comes twice. Else they stand in the order that is usual for their shape.

A history is to be judged, the oldest event first. A state is not: its events have been
judged before, and are in no order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Order(StrEnum):
    """How the events of a log stand."""

    OLDEST_FIRST = "oldest-first"
    NEWEST_FIRST = "newest-first"
    STATE = "state"


class Part(NamedTuple):
    """Some events of a JSON value, as they stand in it.

    `order` is what the shape says of them, None where it says nothing; then `usual` is what
    such events mostly are. What `is_fixed` is so whatever anybody says about the order of
    the log. What `is_past` belongs before a state that is known, and is not judged.
    `begins` and `ends` are the marks by which pages follow one another. `note` is what
    there is to say, such as what is left out.
    """

    events: Sequence[Any]
    order: Order | None = None
    usual: Order = Order.OLDEST_FIRST
    is_fixed: bool = False
    is_past: bool = False
    begins: str | None = None
    ends: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Shapes:
    """What a family says about the logs of its rooms.

    `title` is what the protocol is called, `creation` the type of the event with which a
    room begins if there is one, `types` are event types by which its logs are told from others',
    `common` types that others may use as well, and `names` the responses that are read, for
    whoever comes with another.

    `unfold` takes a JSON value apart, and gives None for what is no response; it raises
    `EventError` for one that is malformed. `order_of` is what events themselves say about
    their order. `naming` gives, for rooms of this policy or with None of whatever version
    their creation names, a function that puts ids into the events of a log that lack them;
    None where ids cannot be computed.
    """

    title: str
    creation: str | None = None
    types: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    names: Sequence[str] = ()
    unfold: Callable[[object], Sequence[Part] | None] = lambda _: None
    order_of: Callable[[Sequence[Any]], Order | None] = lambda _: None
    naming: Callable[[Any], Callable[[Mapping[str, Any]], Mapping[str, Any]]] | None = None


class Arranged(NamedTuple):
    """The events of a part in the order in which they happened, each with its place in the part, from 0.

    `is_given` tells that they are to be applied as they stand. `notes` say what was guessed
    about their order and why, and what was left out.
    """

    events: Sequence[tuple[int, Any]]
    order: Order
    is_given: bool
    notes: Sequence[str] = ()


def arrange(part: Part, shapes: Shapes, said: Order | None = None) -> Arranged:
    """Bring the events of a part into order, which is the one `said` if any."""
    order, events = part.order if part.is_fixed else said or part.order, part.events
    notes = [] if part.note is None else [part.note]
    if order is None and len(events) > 1:
        order = shapes.order_of(events)
        if order is None:
            order, why = _guess(events, shapes.creation, part.usual)
            notes.append(f"{len(events)} events are taken to be {_WORDS[order]}: {why} (`--order` says otherwise)")
    order = order or part.usual
    placed: Sequence[tuple[int, Any]] = list(enumerate(events))
    if order is Order.NEWEST_FIRST:
        placed = placed[::-1]
    elif order is Order.STATE:  # the creation says how the others are to be read
        placed = sorted(placed, key=lambda pair: type_of(pair[1]) != shapes.creation)
    return Arranged(placed, order, part.is_past or order is Order.STATE, notes)


def type_of(event: object) -> str | None:
    """The type of an event, malformed as it may be; None where there is no text for one."""
    said = event.get("type") if type(event) is dict else None
    return said if type(said) is str else None


_WORDS = {Order.OLDEST_FIRST: "oldest first", Order.NEWEST_FIRST: "newest first", Order.STATE: "a state"}


def _guess(events: Sequence[Any], creation: str | None, usual: Order) -> tuple[Order, str]:
    """The likely order of some events, and why."""
    places = [place for place, event in enumerate(events) if creation is not None and type_of(event) == creation]
    if not places:
        return usual, "there is no creation, and this is how such events mostly come"
    if places[0] == 0:
        return Order.OLDEST_FIRST, "the creation comes first"
    if places[-1] == len(events) - 1:
        return Order.NEWEST_FIRST, "the creation comes last"
    if _is_each_once(events):
        return Order.STATE, "the creation stands among them, and no type and state key comes twice"
    return usual, "the creation stands among them, and this is how such events mostly come"


def _is_each_once(events: Sequence[Any]) -> bool:
    """Whether these are state events, each of another piece of the state."""
    keys = set(_state_keys(events))
    return None not in keys and len(keys) == len(events)


def _state_keys(events: Sequence[Any]) -> Iterator[tuple[str, ...] | None]:
    for event in events:
        is_state = type(event) is dict and "state_key" in event
        yield tuple(repr(event.get(field)) for field in ("room_id", "type", "state_key")) if is_state else None
