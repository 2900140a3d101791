"""Who is told of what happens in a room: observers, and the hooks of its participants (`fsm.observers`)."""

from collections.abc import Callable, Iterable

from fsm import change as kinds
from fsm.errors import DefinitionError
from fsm.locks import lock_of
from fsm.observers import Attached, Observer, Watcher
from fsm.participant import Who, check_hooks, hook_names
from fsm.room.judging import RoomJudging


class RoomObserving(RoomJudging[Who]):
    """Rooms that others can observe."""

    __slots__ = ()

    def observe(self, observer: Observer, *, of: Iterable[str] = (kinds.Kind.CHANGE,)) -> Callable[[], None]:
        """Have a function called with each `Change` of these kinds, once it is applied.

        The kinds are `change`, `refusal`, `setting` and `taken` (see `fsm.change.Kind`). What is
        called can be a coroutine, which `asend` awaits. Returns a function that ends it.
        Raises `DefinitionError` for what is no function, and for an unknown kind.
        """
        watcher = Watcher(observer, of)
        with lock_of(self):
            attached = self._attached = self._attached or Attached()
            attached.watch((*attached.watchers, watcher))

        def end() -> None:
            watcher.is_on = False
            with lock_of(self):
                attached.watch(tuple(each for each in attached.watchers if each is not watcher))

        return end

    def _ready(self, *, is_async: bool = False) -> Attached:
        """What is attached, once it is sure that all who are to be told can be.

        Raises `DefinitionError` for hooks that are named for nothing, and where somebody has to be awaited.
        """
        attached, kind = self._attached, self.participant_type
        if attached is None:
            with lock_of(self):
                attached = self._attached = self._attached or Attached()
        if attached.checked is not (hooks := kind._hooks):  # noqa: SLF001 - another value when there are others
            self._check_hooks()
            with lock_of(self):
                attached.check(hooks, are_async=kind.has_async_hooks)
        if not is_async and attached.is_async:
            new = "" if self._revision else ", also of each of `first_events` in place of `create`"
            raise DefinitionError(f"somebody who is told of changes has to be awaited: use `asend`{new}")
        return attached

    def _check_hooks(self) -> None:
        """Raise `DefinitionError` for hooks of participants that are named for nothing."""
        if self.participant_type.has_hooks:
            check_hooks(self.participant_type, self._is_hook, f"policy `{self.policy.id}`")

    def _is_hook(self, name: str) -> bool:
        """Whether a hook of this name may be called."""
        return name in hook_names(self._hookable)
