"""Telling what has changed: observers of a room, and the hooks of its participants.

Theory of operation. A room puts each change into a queue when it applies it, under its
lock, so that the queue is in the order of revisions, and with it the calls that are to be
made: the hooks of the participant, then all observers. Afterwards, without a lock, one at
a time makes what calls there are, change by change. Whoever finds somebody telling leaves
it to them, be it another thread or the observer's own caller: nobody waits, and nobody
hears a change before an earlier one. What fails is noted, and keeps nobody from hearing;
an interruption leaves the other calls to whoever tells next.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from logging import DEBUG, INFO
from threading import Lock
from typing import Protocol, TypeAlias
from weakref import WeakValueDictionary

from fsm.change import ALL, Change, Kind, Outcome
from fsm.errors import DefinitionError, ObserverError, shorten
from fsm.own_facts import Provider
from fsm.participant import HOOKS, Host, Participant, hooks_of

Observer: TypeAlias = Callable[[Change], object]
"""What is told of changes: a function, or one that has to be awaited."""

LOG = logging.getLogger("fsm")
"""One line for each change (`INFO`) and each refusal (`DEBUG`)."""

is_logged = LOG.isEnabledFor

LEVELS: Mapping[int, bool] = getattr(LOG, "_cache", {})
"""What `is_logged` has answered, by level: the logger forgets it when levels change. May be empty."""


class Room(Host, Protocol):
    """What is asked of a room when its changes are told."""

    @property
    def participant_type(self) -> type[Participant]:
        """The class of the room's participants."""


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

    def call(self, change: Change) -> object:
        """Tell the observer of a change, unless that has ended."""
        return self.tell(change) if self.is_on else None


def _kind(word: object) -> Kind:
    for kind in Kind:
        if word == kind:
            return kind
    raise DefinitionError(f"`{shorten(str(word))}` is nothing to observe: choose from {', '.join(Kind)}")


_NOBODY: Mapping[frozenset[Kind], list[Observer]] = {kinds: [] for kinds in ALL}


class Attached:
    """What a host has attached to a room: observers, participants that it holds, own facts."""

    __slots__ = ("calls", "checked", "is_async", "participants", "provider", "queue", "teller", "watchers")

    def __init__(self) -> None:
        self.watchers: tuple[Watcher, ...] = ()
        self.calls: Mapping[frozenset[Kind], list[Observer]] = _NOBODY
        """Who is to be told of a change of these kinds, the first one last."""
        self.is_async = False
        """Whether somebody who is told has to be awaited."""
        self.provider: Provider | None = None
        self.queue: deque[tuple[Change, list[Observer]]] = deque()
        """What is to be told, each with the calls to be made, the next one last."""
        self.teller = Lock()
        """Held by whoever is telling."""
        self.checked: object = None
        """The hooks whose names have been found to mean something."""
        self.participants: WeakValueDictionary[str, Participant] | None = None

    def watch(self, watchers: tuple[Watcher, ...]) -> None:
        """Tell these from now on; the room is locked."""
        self.watchers = watchers
        self.calls = {kinds: [each.call for each in reversed(watchers) if each.kinds & kinds] for kinds in ALL}
        self.is_async = any(each.is_async for each in watchers)

    def put(self, room: "Room", change: Change) -> bool:
        """Have a change told; the room is locked. Whether this is for the caller to do now."""
        kinds, is_allowed = change.kinds, change.decision.allowed
        calls = [*self.calls[kinds]]
        if HOOKS and is_allowed and kinds and change.target is not None and (kind := room.participant_type).has_hooks:
            names = hooks_of(kind, change.before, change.after, change.decision.transition)
            if names:
                calls.append(self._hooks(room, kind, names, change.target, calls))
        if LEVELS.get(INFO) is not False and kinds and is_logged(INFO if is_allowed else DEBUG):
            calls.append(log)
        if not calls:
            return False
        self.queue.append((change, calls))
        return self.teller.acquire(False)

    def _hooks(
        self, room: "Room", kind: type[Participant], names: tuple[str, ...], target: str, calls: list[Observer]
    ) -> Observer:
        """What has hooks called next: those of the participant that the host holds, else of one that is made for it."""
        participants = self.participants

        def add_hooks(_: Change) -> None:
            who = None if participants is None else participants.get(target)
            if who is None:
                who = kind(room, target)
            for name in names:
                calls.append(getattr(who, name))  # noqa: PERF401 - mostly one or two: a list would take longer

        return add_hooks

    def due(self) -> tuple[Change, list[Observer]] | None:
        """The next change to be told, and the calls that are left, the next one last.

        None when there is nothing more to tell, and nobody is telling then.
        """
        queue = self.queue
        while not queue:
            self.teller.release()
            # What came in before that has been left to whoever was telling.
            if not queue or not self.teller.acquire(blocking=False):
                return None
        return queue[0]

    @property
    def is_telling(self) -> bool:
        """Whether somebody is telling."""
        return self.teller.locked()

    def stop(self) -> None:
        """Leave what is still to be told to whoever tells next."""
        if self.is_telling:
            self.teller.release()


def tell(attached: Attached, change: Change) -> None:
    """Tell what is to be told in a room. Raises `ObserverError` to whoever sent this change."""
    errors: list[Exception] = []
    try:
        while (due := attached.due()) is not None:
            told, calls = due
            while calls:
                try:
                    result = calls.pop()(told)
                    if result is not None:
                        _refuse_to_await(result)
                except Exception as error:  # noqa: BLE001 - it is the host's: anything may be wrong in it
                    errors.append(_noted(error, told))
            attached.queue.popleft()
    except BaseException:
        attached.stop()
        raise
    if errors:
        raise ObserverError(change, tuple(errors)) from errors[0]


async def tell_async(attached: Attached, change: Change) -> None:
    """The same; who has to be awaited is. Whoever waits for this may be cancelled, and all is told nevertheless."""
    from asyncio import ensure_future, shield  # noqa: PLC0415 - takes long to load, and few need it

    errors = await shield(ensure_future(_tell_all(attached)))
    if errors:
        raise ObserverError(change, tuple(errors)) from errors[0]


async def _tell_all(attached: Attached) -> list[Exception]:
    errors: list[Exception] = []
    try:
        while (due := attached.due()) is not None:
            told, calls = due
            while calls:
                try:
                    result = calls.pop()(told)
                    if isawaitable(result):
                        await result
                except Exception as error:  # noqa: BLE001 - as above
                    errors.append(_noted(error, told))
            attached.queue.popleft()
    except BaseException:
        attached.stop()
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


def log(change: Change) -> None:
    """One line: who, whom, what, where."""
    level = INFO if change else DEBUG
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
