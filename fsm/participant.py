"""A user's participation in a room, as an object: where they stand, what they may do, and what is to follow.

A participant is made when it is asked for; the state itself lives in the room. What is to
follow a change is said by *hooks*, methods that are named for states and transitions. The
room calls them out of the `Change`, after that has been applied (see `fsm.observers`).
"""

import re
from enum import Enum, auto
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeVar

from fsm.decision import Decision
from fsm.errors import DefinitionError, shorten
from fsm.facts import spell
from fsm.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    class Host(Protocol):
        """What a participant needs from its room."""

        def participation(self, user: str) -> Any:
            """The user's state now."""

        def decide_action(self, action: str, sender: str, target: str) -> Decision:
            """What `send_action` would answer; nothing changes."""

        def send_action(self, action: str, sender: str, target: str, reason: str | None) -> Decision:
            """Decide, and apply when allowed. Raises `EventError` for an unknown action, and for what is no user id."""


_HOOKS = ("on_exit_", "on_enter_", "after_")
"""What the names of hooks begin with."""


_MOST_KNOWN = 2**12
"""Of so many different changes a class keeps which hooks are called."""


class Themselves(Enum):
    """Who acts where nobody is named: an absent `by`, as opposed to one that holds no user."""

    THEMSELVES = auto()


THEMSELVES: Final = Themselves.THEMSELVES


class _Hooked(type):
    """Classes that know their hooks, also those that are set on them later."""

    has_hooks: bool
    has_async_hooks: bool

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **more: Any) -> None:
        super().__init__(name, bases, namespace, **more)
        cls._look()

    def __setattr__(cls, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name.startswith(_HOOKS):
            cls._look()

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        if name.startswith(_HOOKS):
            cls._look()

    def _look(cls) -> None:
        """Find the hooks of this class and of those that are derived from it."""
        names = [name for name in dir(cls) if name.startswith(_HOOKS)]
        cls.has_hooks = bool(names)
        cls.has_async_hooks = any(iscoroutinefunction(getattr(cls, name)) for name in names)
        type.__setattr__(cls, "_hooks", (frozenset(names), {}))
        derived: Any = type.__subclasses__(cls)
        for kind in derived:
            kind._look()  # noqa: SLF001 - of the same metaclass


class Participant(metaclass=_Hooked):
    """One user's participation in one room.

    A trigger names who acts (`by`), and answers with a `Decision`. Every action of the
    room's policy is a verb as well: `juliet.set("outcast", by=romeo)` triggers `set`, and
    asks for `outcast`. Without `by` it is the user's own act.

    Subclasses may define hooks, each taking the `Change`: `on_exit_<state>` and
    `on_enter_<state>` for a user who moves from one state into another, and
    `after_<transition id>`, also for a transition that leads back to the same state. They
    are called when the change has been applied, however it came; what they raise reaches
    whoever acted as an `ObserverError`, and the change stands. A room refuses a hook whose
    name has no meaning in its policy. Hooks that are coroutines are awaited by `room.asend`.
    """

    __slots__ = ("__weakref__", "room", "user")

    has_hooks: ClassVar[bool]
    """Whether there are hooks."""

    has_async_hooks: ClassVar[bool]
    """Whether some of them are coroutines."""

    _hooks: ClassVar[tuple[frozenset[str], dict[Any, tuple[str, ...]]]]
    """The names of all hooks; and those that are called, in order, by before, after and transition."""

    def __init__(self, room: "Host", user: str) -> None:
        self.room = room
        self.user = user

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.user} {self.state}>"

    @property
    def state(self) -> Any:
        """The state now. There is no way to set it but a trigger."""
        return self.room.participation(self.user)

    def trigger(self, action: str, *, by: str, reason: str | None = None) -> Decision:
        """Let `by` do `action` to this user.

        Raises `EventError` for an unknown action, and for a `by` that is no user id.
        """
        return self.room.send_action(action, by, self.user, reason)

    def may(self, action: str, *, by: str) -> Decision:
        """What `trigger` would answer; nothing changes. Raises `EventError` as that does."""
        return self.room.decide_action(action, by, self.user)

    def __getattr__(self, name: str) -> "Callable[..., Decision]":
        """The verb of this name, which is an action of the room's policy."""
        policy = None if name in ("room", "user") or name.startswith("_") else getattr(self.room, "policy", None)
        action = policy.derived(_verbs).get(name) if isinstance(policy, Table) else None
        if action is None:
            raise AttributeError(f"`{type(self).__name__}` has no `{shorten(name)}`")
        return partial(self._act, action)

    def _act(
        self, action: str, *asked: object, by: "str | Themselves" = THEMSELVES, reason: str | None = None, **more: Any
    ) -> Decision:
        words = " ".join((action, *map(spell, asked)))  # type: ignore[arg-type]  # values, or words
        sender = self.user if isinstance(by, Themselves) else by
        send: Any = self.room.send_action
        decision: Decision = send(words, sender, self.user, reason, **more)
        return decision


def _verbs(policy: Table[Any]) -> dict[str, str]:
    """By their names as Python has them: the actions of a policy. Where two have one name, neither goes by it."""
    names = [re.sub(r"\W", "_", action.value) for action in policy.triggers]
    pairs = zip(names, policy.triggers, strict=True)
    return {name: action.value for name, action in pairs if names.count(name) == 1}


if TYPE_CHECKING:
    import typing_extensions

    Who = typing_extensions.TypeVar("Who", bound=Participant, default=Participant)
    """The class of the participants of a room."""
else:
    Who = TypeVar("Who", bound=Participant)

Other = TypeVar("Other", bound=Participant)
"""The class of the participants of a room that is about to be made."""


def hooks_of(kind: type[Participant], before: Any, after: Any, transition: str | None) -> tuple[str, ...]:
    """The hooks of a change that makes a user go from one state to another, or stay: the first to be called last."""
    names, known = kind._hooks  # noqa: SLF001 - the class's own
    change = before, after, transition
    found = known.get(change)
    if found is None:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        moves = () if before == after else (f"on_enter_{after}", f"on_exit_{before}")
        called = (*(() if transition is None else (f"after_{transition}",)), *moves)
        found = known[change] = tuple(name for name in called if name in names)
    return found


def hook_names(policies: "Iterable[Table[Any]]") -> frozenset[str]:
    """All names that hooks have a meaning by in rooms of these policies."""
    return frozenset(name for policy in policies for name in policy.derived(_hook_names))


def _hook_names(policy: Table[Any]) -> frozenset[str]:
    moves = (f"on_{way}_{state.value}" for state in policy.states for way in ("enter", "exit"))
    return frozenset((*moves, *(f"after_{row.id}" for row in policy.transitions)))


def check_hooks(kind: type[Participant], is_known: "Callable[[str], bool]", what: str) -> None:
    """Raise `DefinitionError` for a hook that is named for no state and no transition of a policy."""
    for name in sorted(kind._hooks[0]):  # noqa: SLF001 - the class's own
        if is_known(name):
            continue
        raise DefinitionError(f"`{kind.__name__}.{name}` is named for nothing that {what} has")
