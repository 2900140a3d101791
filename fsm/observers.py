"""Telling what has changed: observers of a room, and the hooks of its participants.

Theory of operation. A room puts the calls that a change makes into a queue when it applies
it, under its lock, so that the queue is in the order of revisions: the hooks of the
participant, then all observers. Afterwards, without a lock, one at a time makes what calls
there are. Whoever finds somebody telling leaves it to them, be it another thread or the
observer's own caller: nobody waits, and nobody hears a change before an earlier one. What
fails is noted, and keeps nobody from hearing; an interruption leaves the other calls to
whoever tells next.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from typing import TYPE_CHECKING, Protocol, TypeAlias
from weakref import WeakValueDictionary

from fsm.change import ALL, Change, Kind, Outcome
from fsm.errors import DefinitionError, ObserverError, shorten
from fsm.own_facts import Provider
from fsm.participant import Participant, hooks_of

if TYPE_CHECKING:
    from asyncio import Task
    from logging import Logger

    from fsm.participant import Host

    class Room(Host, Protocol):
        """What is asked of a room when its changes are told."""

        @property
        def participant_type(self) -> type[Participant]:
            """The class of the participants that the room hands out."""


Observer: TypeAlias = Callable[[Change], object]
"""What is told of changes: a function, or one that has to be awaited."""

DEBUG, INFO = 10, 20
"""The levels of `logging` on which there is one line for each refusal, and for each change."""

LEVELS: dict[int, bool] = {}
"""What the logger has answered, by level, and forgets when levels change. Empty if it keeps that elsewhere."""


@cache
def logger() -> "Logger":
    """Python's logger for what happens in rooms. It is loaded with the first event: an import takes long."""
    import logging  # noqa: PLC0415

    log = logging.getLogger("fsm")
    log._cache = LEVELS  # type: ignore[attr-defined]  # noqa: SLF001 - to look it up takes less than to ask again
    return log


def is_logged(level: int) -> bool:
    """Whether there are lines on this level."""
    return logger().isEnabledFor(level)


class Watcher:
    """An observer, and what it asks for."""

    __slots__ = ("is_async", "is_on", "kinds", "tell")

    def __init__(self, tell: Observer, of: Iterable[str]) -> None:
        if not callable(tell):
            raise DefinitionError(f"an observer is a function of a change, not {shorten(repr(tell))}")
        self.tell = tell
        self.kinds = frozenset(
            _kind(word) for word in ([of] if isinstance(of, str) or not isinstance(of, Iterable) else of)
        )
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


_NOBODY: Mapping[frozenset[Kind], tuple[Observer, ...]] = dict.fromkeys(ALL, ())


class Attached:
    """What a host has attached to a room: observers, participants that it holds, own facts."""

    __slots__ = (
        "asked",
        "calls",
        "checked",
        "has_async_hooks",
        "is_async",
        "participants",
        "provider",
        "queue",
        "teller",
        "watchers",
    )

    def __init__(self) -> None:
        self.watchers: tuple[Watcher, ...] = ()
        self.calls: Mapping[frozenset[Kind], tuple[Observer, ...]] = _NOBODY
        """Who is to be told of a change of these kinds."""
        self.asked: frozenset[frozenset[Kind]] = frozenset()
        """The kinds of changes of which somebody is to be told."""
        self.is_async = False
        """Whether an observer has to be awaited, or one of the hooks that have been checked."""
        self.provider: Provider | None = None
        self.queue: deque[tuple[Callable[..., object], Change, Room | None]] = deque()
        """The calls that are to be made, in this order, each with the change that it tells, and for hooks the room."""
        self.teller: dict[str, object] = {}
        """Whoever is telling, by any value of their own; empty if nobody is. To come in takes one step (`setdefault`),
        so that an interruption before it or after it leaves no doubt who is telling."""
        self.checked: object = None
        """The hooks whose names have been found to mean something."""
        self.participants: WeakValueDictionary[str, Participant] | None = None

    def watch(self, watchers: tuple[Watcher, ...]) -> None:
        """Tell these from now on; the room is locked."""
        self.watchers = watchers
        self.calls = {kinds: tuple(each.call for each in watchers if each.kinds & kinds) for kinds in ALL}
        self.asked = frozenset(kinds for kinds, calls in self.calls.items() if calls)
        self.checked, self.is_async = None, any(each.is_async for each in watchers)

    def check(self, hooks: object, *, are_async: bool) -> None:
        """Know these for hooks whose names mean something; the room is locked."""
        self.checked, self.is_async = hooks, are_async or any(each.is_async for each in self.watchers)

    def put(self, room: "Room", change: Change) -> bool:
        """Have a change told; the room is locked. Whether this is for the caller to do, since nobody is telling."""
        kinds, queue = change.kinds, self.queue
        if not kinds:
            return False
        is_allowed = change.decision.allowed
        if LEVELS.get(INFO) is not False and is_logged(INFO if is_allowed else DEBUG):
            queue.append((log, change, None))
        if room.participant_type.has_hooks and is_allowed and change.target is not None:
            queue.append((self._call_hooks, change, room))
        for call in self.calls[kinds]:
            queue.append((call, change, None))
        return not self.teller

    def _call_hooks(self, change: Change, room: "Room") -> object:
        """Call the first hook of a change, and have the others called next.

        They are those of the participant that the host holds, else of one that is made for it.
        """
        kind, user = room.participant_type, change.target
        names = hooks_of(kind, change.before, change.after, change.decision.transition)
        if not names or user is None:
            return None
        who = None if self.participants is None else self.participants.get(user)
        if who is None:
            who = kind(room, user)
        *later, first = names
        for name in later:
            self.queue.appendleft((partial(_call, who, name), change, None))
        return getattr(who, first)(change)

    @property
    def is_telling(self) -> bool:
        """Whether somebody is telling."""
        return bool(self.teller)


def _call(who: Participant, name: str, change: Change) -> object:
    return getattr(who, name)(change)


def tell(attached: Attached, change: Change) -> None:
    """Tell what is to be told in a room. Raises `ObserverError` to whoever sent this change."""
    errors: list[BaseException] = []
    queue, teller = attached.queue, attached.teller
    try:
        # What comes in when the queue has been found empty, and before the end, has been left to us: look again.
        while queue and teller.setdefault("", errors) is errors:
            while queue:
                call, told, room = queue.popleft()
                try:
                    result = call(told) if room is None else call(told, room)
                    if result is not None:
                        _refuse_to_await(result)
                except Exception as error:  # noqa: BLE001 - it is the host's: anything may be wrong in it
                    errors.append(_noted(error, told))
            del teller[""]
    except BaseException:
        _end(teller, errors)
        raise
    if errors:
        raise ObserverError(change, tuple(errors)) from errors[0]


def _end(teller: dict[str, object], its: object) -> None:
    """Leave what is still to be told to whoever tells next, if this is who is telling."""
    if teller.get("") is its:
        del teller[""]


_LEFT: set["Task[list[BaseException]]"] = set()
"""Who tells although nobody waits for it any more: a loop by itself holds no tasks."""


async def tell_async(attached: Attached, change: Change) -> None:
    """The same; who has to be awaited is. Whoever waits for this may be cancelled, and all is told nevertheless."""
    from asyncio import CancelledError, ensure_future, shield  # noqa: PLC0415 - takes long to load, and few need it

    telling = ensure_future(_tell_all(attached))
    try:
        errors = await shield(telling)
    except CancelledError:
        _LEFT.add(telling)
        telling.add_done_callback(_finish)
        raise
    if errors:
        raise ObserverError(change, tuple(errors)) from errors[0]


def _finish(telling: "Task[list[BaseException]]") -> None:
    _LEFT.discard(telling)
    for error in () if telling.cancelled() or telling.exception() else telling.result():
        logger().error("an observer failed, and whoever sent was cancelled", exc_info=error)


async def _tell_all(attached: Attached) -> list[BaseException]:
    from asyncio import CancelledError, current_task  # noqa: PLC0415 - as above

    errors: list[BaseException] = []
    task, queue, teller = current_task(), attached.queue, attached.teller
    assert task is not None
    try:
        while queue and teller.setdefault("", errors) is errors:
            while queue:
                call, told, room = queue.popleft()
                try:
                    result = call(told) if room is None else call(told, room)
                    if isawaitable(result):
                        await result
                except (Exception, CancelledError) as error:
                    if isinstance(error, CancelledError) and task.cancelling():
                        raise  # it is not what the observer waits for that was cancelled
                    errors.append(_noted(error, told))
            del teller[""]
    except BaseException:
        _end(teller, errors)
        raise
    return errors


def _refuse_to_await(result: object) -> None:
    if isawaitable(result):
        if iscoroutine(result):
            result.close()
        raise DefinitionError("what is told answers with something to await: use `asend`")


def _noted(error: BaseException, change: Change) -> BaseException:
    error.add_note(f"told of revision {change.revision}")
    return error


def log(change: Change) -> None:
    """One line: who, whom, what, where."""
    level = INFO if change else DEBUG
    what = change.transition or (f"{change.action or change.type}")
    whom = "" if change.target in (None, change.sender) else f" {shorten(str(change.target))}"
    move = "" if change.target is None or not change else f", {change.before} → {change.after}"
    verdict = change.outcome.value if change.outcome is Outcome.TAKEN else "allowed" if change else "refused"
    logger().log(
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
