"""Reading logs: from bytes to events, in the order in which they happened, each with its place.

A log is JSON lines, or JSON values over many lines: events, arrays of them, or responses
of a server, which the policy's family knows (see `fsm.shapes`). What cannot be read is
named and passed over; it changes nothing and stops nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BufferedIOBase
from itertools import chain
from typing import Any, NamedTuple

from fsm.errors import EventError, ReplayError
from fsm.json_lines import Line
from fsm.json_values import read_several
from fsm.policies import Rules, other_shapes, policy_of, shapes_of
from fsm.shapes import Order, Part, Shapes, arrange, type_of

_ENOUGH = 100
"""After so many events it is no question any more which protocol a log is of."""

_FIELDS = frozenset(("type", "sender", "state_key", "content", "event_id", "room_id"))
"""What has one of these keys is meant to be an event."""

Tell = Callable[[str], None]


def read_events(
    source: BufferedIOBase, rules: Rules, *, order: Order | None = None, tell: Tell = lambda _: None
) -> Iterator[Line]:
    """Read a log of events for rooms under these rules, the oldest event first.

    `order` is how the events of the log stand; without it, that is told from the log.
    `tell` is given a line on whatever was guessed or left out. Raises `ReplayError` for
    a log of another protocol, and `DefinitionError` when an extra is missing.
    """
    shapes = shapes_of(rules)
    several = _values(read_several(source), shapes, order, tell, rules)
    if order is None:
        several = _pages_in_order(several)
    elif order is Order.NEWEST_FIRST:
        several = reversed(list(several))
    lines: Iterator[Line] = chain.from_iterable(each.lines for each in several)
    if order is Order.STATE:  # the creation says how the others are to be read
        lines = iter(sorted(lines, key=lambda line: type_of(line.value) != shapes.creation))
    lines = chain.from_iterable(_recognised(lines, shapes, rules))
    return lines if shapes.naming is None else _named(lines, shapes.naming(policy_of(rules)))


class _Several(NamedTuple):
    """Events in order: those of a JSON value, or some that stand for themselves. `page` is the only part of a value."""

    lines: Sequence[Line]
    page: Part | None = None
    order: Order = Order.OLDEST_FIRST


def _values(
    several: Iterable[Iterable[Line]], shapes: Shapes, said: Order | None, tell: Tell, rules: Rules
) -> Iterator[_Several]:
    """The events in the values of a log: those that stand for themselves, as nearly all do, are the lines they were.

    Raises `ReplayError` for a value of another protocol.
    """
    unfold = shapes.unfold
    for lines in several:
        alone: list[Line] = []
        for line in lines:
            value, error = line.value, line.error
            try:
                parts = unfold(value) if error is None else None
                if parts is None and (error is not None or (type(value) is dict and not _FIELDS.isdisjoint(value))):
                    alone.append(line)
                    continue
                responses = [parts] if parts is not None else _responses(value, shapes)
            except EventError as problem:
                alone.append(_faulty(line, str(problem)))
                continue
            yield from _alone(alone, said)
            alone = []
            if responses is None:
                _expect_ours(line, rules)
                names = ", ".join(shapes.names)
                what = f"is neither an event nor any of what is read besides: arrays{', ' if names else ''}{names}"
                alone.append(_faulty(line, what))
            else:
                yield from _take_apart(line, responses, shapes, said, tell)
        yield from _alone(alone, said)


def _alone(lines: list[Line], said: Order | None) -> Iterator[_Several]:
    """Events that stand for themselves, if there are any."""
    if said is Order.STATE:
        lines = [line if line.error else line._replace(is_state=True) for line in lines]
    if lines:
        yield _Several(lines[::-1] if said is Order.NEWEST_FIRST else lines)


def _take_apart(
    line: Line, responses: Sequence[Sequence[Part]], shapes: Shapes, said: Order | None, tell: Tell
) -> Iterator[_Several]:
    """The events in a value, by response where there are several."""
    is_alone = type(line.value) is not list and len(responses[0]) == 1 and responses[0][0].events == [line.value]
    before = 0
    for parts in responses:
        lines: list[Line] = []
        order = Order.OLDEST_FIRST
        for part in parts:
            arranged = arrange(part, shapes, said)
            for note in arranged.notes:
                tell(f"line {line.number}: {note}")
            lines += (
                Line(line.number, event, is_state=arranged.is_given, event=None if is_alone else before + place + 1)
                for place, event in arranged.events
            )
            before, order = before + len(part.events), arranged.order
        pages = [part for part in parts if part.note is None]
        yield _Several(lines, pages[0] if len(pages) == 1 else None, order)


def _faulty(line: Line, problem: str) -> Line:
    return line._replace(value=None, error=ReplayError(line.number, problem, line.event))


def _responses(value: object, shapes: Shapes) -> Sequence[Sequence[Part]] | None:
    """The parts of what is no response, one for each that it holds; None for an object that is nothing known.

    Raises `EventError` for a malformed response.
    """
    if type(value) is list:
        return _responses_of_array(value, shapes)
    return None if type(value) is dict else [[Part([value])]]


def _responses_of_array(array: list[Any], shapes: Shapes) -> Sequence[Sequence[Part]]:
    """An array is one part, unless there are responses in it. Where each of these is an event, they are one part."""
    unfolded: list[Sequence[Part] | None] = []
    for index, value in enumerate(array):
        try:
            unfolded.append(shapes.unfold(value))
        except EventError as problem:
            raise problem.within(f"[{index}]") from None
    if all(parts is None for parts in unfolded):
        return [[Part(array)]]
    responses = [
        parts or ([Part([value])] if parts is None else []) for value, parts in zip(array, unfolded, strict=True)
    ]
    if all(len(parts) == 1 and len(parts[0].events) == 1 and parts[0].order is None for parts in responses):
        return [[Part([parts[0].events[0] for parts in responses])]]
    return responses


def _pages_in_order(several: Iterable[_Several]) -> Iterator[_Several]:
    """The same, where pages that lead back in time, each from where the one before ended, come last first."""
    pages: list[_Several] = []
    ends: str | None = None
    for each in several:
        page = each.page if each.order is Order.NEWEST_FIRST else None
        if page is None or ends is None or page.begins != ends:
            yield from reversed(pages)
            pages = []
        ends = None if page is None else page.ends
        if page is not None and (pages or ends is not None):
            pages.append(each)
        else:
            yield each
    yield from reversed(pages)


def _named(lines: Iterable[Line], name: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Iterator[Line]:
    """The same events with the ids that they lack, as far as these can be computed."""
    for line in lines:
        if type(line.value) is not dict:
            yield line
            continue
        try:
            event = name(line.value)
        except EventError as problem:
            yield _faulty(line, str(problem))
        else:
            yield line if event is line.value else line._replace(value=event)


def _recognised(lines: Iterable[Line], shapes: Shapes, rules: Rules) -> Iterator[Iterable[Line]]:
    """The same events, those first that wait until one has told that the log is not of another protocol.

    At most `_ENOUGH` events wait for that. Raises `ReplayError`.
    """
    rest, waiting = iter(lines), []
    for line in rest if shapes.types else ():
        waiting.append(line)
        event_type = type_of(line.value)
        if event_type in shapes.types or len(waiting) == _ENOUGH:
            break
        if event_type == shapes.creation or event_type in shapes.common:
            continue  # it may be one of others, too, and tells nothing
        for option, theirs in other_shapes(rules).items():
            if event_type in theirs.types:
                raise _foreign(line, f"`{event_type}` is an event of {theirs.title}", option)
    yield waiting
    yield rest


def _expect_ours(line: Line, rules: Rules) -> None:
    """Raise `ReplayError` for a response that another protocol knows."""
    for option, theirs in other_shapes(rules).items():
        try:
            is_theirs = theirs.unfold(line.value) is not None
        except EventError:  # malformed, but one of theirs
            is_theirs = True
        if is_theirs:
            raise _foreign(line, f"this is a response of {theirs.title}", option)


def _foreign(line: Line, what: str, option: str) -> ReplayError:
    return ReplayError(line.number, f"{what}, and the log is to be read with `--policy {option}`", line.event)
