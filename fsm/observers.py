"""Telling what has changed: observers of a room, and the hooks of its participants.

Theory of operation. A room puts each change into a queue when it applies it, under its
lock, so that the queue is in the order of revisions. Afterwards, without a lock, one at a
time tells what is in the queue, change by change: the hooks of the participant, then
all observers. Whoever finds somebody telling leaves it to them, be it another thread or
the observer's own caller: nobody waits, and nobody hears a change before an earlier one.
What fails is noted, and keeps nobody from hearing.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from typing import Protocol, TypeAlias
from weakref import WeakValueDictionary

from fsm.change import Change, Kind, Outcome, word_of
from fsm.errors import DefinitionError, ObserverError, shorten
from fsm.locks import lock_of
from fsm.own_facts import Provider
from fsm.participant import Participant, hooks_of

Observer: TypeAlias = Callable[[Change], object]
"""What is told of changes: a function, or one that has to be awaited."""

Act: TypeAlias = tuple[Change, Observer]
"""A call that is to be made, of a change."""

LOG = logging.getLogger("fsm")
"""One line for each change (`INFO`) and each refusal (`DEBUG`)."""

is_logged = LOG.isEnabledFor


class Room(Protocol):
    """What is asked of a room when its changes are told."""

    @property
    def participant_type(self) -> type[Participant]:
        """The class of the room's participants."""

    def participant(self, user: str) -> Participant:
        """A user's participation."""


class Watcher:
    """An observer, and what it asks for."""

    __slots__ = ("is_async", "is_on", "kinds", "tell")

    def __init__(self, tell: Observer, of: Iterable[str]) -> None:
        if not callable(tell):
            raise DefinitionError(f"an observer is a function of a change, not {shorten(repr(tell))}")
        self.tell = tell
        self.kinds = frozenset(_kind(word) for word in ([of] if isinstance(of, str) else of))
        self.is_async = iscoroutinefunction(tell) or iscoroutinefunction(getattr(tell, "__call__", None))  # noqa: B004
        self.is_on = True


def _kind(word: object) -> Kind:
    for kind in Kind:
        if word == kind:
            return kind
    raise DefinitionError(f"`{shorten(str(word))}` is nothing to observe: choose from {', '.join(Kind)}")


class Attached:
    """What a host has attached to a room: observers, participants that it holds, own facts."""

    __slots__ = ("_acts", "checked", "is_telling", "participants", "provider", "queue", "watchers")

    def __init__(self) -> None:
        self.watchers: tuple[Watcher, ...] = ()
        self.provider: Provider | None = None
        self.queue: deque[tuple[Change, tuple[Watcher, ...]]] = deque()
        self.is_telling = False
        self.checked: object = None
        """The hooks whose names have been found to mean something."""
        self.participants: WeakValueDictionary[str, Participant] = WeakValueDictionary()
        self._acts: Iterator[Act] | None = None

    @property
    def is_async(self) -> bool:
        """Whether somebody who is told has to be awaited."""
        return any(each.is_async for each in self.watchers)

    def put(self, change: Change) -> bool:
        """Have a change told; the room is locked. Whether this is for the caller to do now."""
        if not change.kinds:
            return False
        self.queue.append((change, self.watchers))
        begins, self.is_telling = not self.is_telling, True
        return begins

    def acts(self, room: "Room") -> "Iterator[Act]":
        """Every call that is to be made, until there is nothing to tell. What is left is for the next."""
        if self._acts is None:
            self._acts = self._all_acts(room)
        return self._acts

    def _all_acts(self, room: "Room") -> "Iterator[Act]":
        queue = self.queue
        while True:
            while queue:
                change, watchers = queue.popleft()
                log(change)
                if change.target is not None and change.decision.allowed:
                    kind = room.participant_type
                    names = hooks_of(kind, word_of(change.before), word_of(change.after), change.transition)
                    for name in names:
                        yield change, partial(_call_hook, room, name)
                for each in watchers:
                    if each.is_on and each.kinds & change.kinds:
                        yield change, each.tell
            with lock_of(room):
                if not queue:
                    self.is_telling, self._acts = False, None
                    return


def _call_hook(room: "Room", name: str, change: Change) -> object:
    assert change.target is not None
    return getattr(room.participant(change.target), name)(change)


def tell(room: "Room", attached: Attached, change: Change) -> None:
    """Tell what is to be told in a room. Raises `ObserverError` to whoever sent this change."""
    errors: list[Exception] = []
    try:
        for told, act in attached.acts(room):
            try:
                _refuse_to_await(act(told))
            except Exception as error:  # noqa: BLE001 - it is the host's: anything may be wrong in it
                errors.append(_noted(error, told))
    except BaseException:
        attached.is_telling = False
        raise
    _conclude(change, errors)


async def tell_async(room: "Room", attached: Attached, change: Change) -> None:
    """The same; who has to be awaited is. Whoever waits for this may be cancelled, and all is told nevertheless."""
    from asyncio import ensure_future, shield  # noqa: PLC0415 - takes long to load, and few need it

    _conclude(change, await shield(ensure_future(_tell_all(room, attached))))


async def _tell_all(room: "Room", attached: Attached) -> list[Exception]:
    errors: list[Exception] = []
    try:
        for told, act in attached.acts(room):
            try:
                result = act(told)
                if isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001 - as above
                errors.append(_noted(error, told))
    except BaseException:
        attached.is_telling = False
        raise
    return errors


def _refuse_to_await(result: object) -> None:
    if isawaitable(result):
        if iscoroutine(result):
            result.close()
        raise DefinitionError("what is told answers with something to await: use `asend`")


def _noted(error: Exception, change: Change) -> Exception:
    error.add_note(f"told of revision {change.revision}")
    return error


def _conclude(change: Change, errors: list[Exception]) -> None:
    if errors:
        raise ObserverError(change, tuple(errors)) from errors[0]


def log(change: Change) -> None:
    """One line: who, whom, what, where."""
    level = logging.INFO if change else logging.DEBUG
    if not change.kinds or not is_logged(level):
        return
    what = change.transition or (f"{change.action or change.type}")
    whom = "" if change.target in (None, change.sender) else f" {shorten(str(change.target))}"
    move = "" if change.target is None or not change else f", {change.before} → {change.after}"
    verdict = change.outcome.value if change.outcome is Outcome.TAKEN else "allowed" if change else "refused"
    LOG.log(
        level,
        "%s #%d: %s %s%s%s: %s%s",
        shorten(change.room or "a room"),
        change.revision,
        shorten(change.sender),
        shorten(what),
        whom,
        move,
        verdict,
        f", {change.message}" if change.message else "",
    )
