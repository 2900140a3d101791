"""The policy's table as one `transitions` machine, and its models.

Theory of operation. This is the only module that knows the `transitions`
library. A policy becomes a single machine, shared by all rooms. A (room, target)
pair is a `Participant`, a light model of that machine made when asked for: the
state itself lives in the room. The machine is never told of its models with
`add_model`, which would bind a dozen attributes to each of them, among them ways
past the guards.

Facts are finite and guards are pure, so the machine needs to decide each
distinct question once: `Memory` asks it and keeps the answer. It is a memory of
the machine, never a second set of rules.
"""

from collections.abc import Callable
from enum import Enum, StrEnum, auto
from functools import partial
from threading import RLock
from typing import Any, ClassVar, Final, Generic, Protocol, TypeAlias, cast

import transitions

from fsm.decision import Decision, allow, refuse
from fsm.errors import DefinitionError, shorten
from fsm.facts import Domain, F
from fsm.guards import Guard
from fsm.state import AnyState
from fsm.table import Asked, Table, Transition
from fsm.terms import Action, Participation

Key: TypeAlias = tuple[str, Any, Any, int]
"""Action, the target's state, the sender's state, and the sum of the other facts' weights."""


class Model(Protocol):
    """What the machine moves. It is private because only the machine may write it."""

    _fsm_state: Any


class Machine(Generic[F]):
    """A policy, runnable."""

    def __init__(self, policy: Table[F]) -> None:
        self.policy = policy
        self._states = {state: _state(state) for state in policy.states}
        self._begun: set[Any] = set()
        self._machine = _Stock(
            model=None,
            states=list(self._states.values()),
            initial=self._states[policy.initial],
            # The default adds `to_join()` and the like, which pass every guard.
            auto_transitions=False,
            # A queued machine answers True to an action that it then refuses.
            queued=False,
            send_event=True,
            model_attribute="_fsm_state",
        )

    def _begin(self, state: Any) -> None:
        """Add the rows that lead from a state, each as one transition of the library: not before they are needed.

        A policy may have thousands of states, of which a room sees a few.
        """
        with _BEGINNING:
            if state in self._begun:
                return
            for row in self.policy.transitions:
                if state in row.source:
                    self._machine.add_transition(
                        row.trigger.value,
                        self._states[state],
                        # Where the event asks, the transition itself finds the state. It is told any: it must have one.
                        self._states[state if isinstance(row.dest, Asked) else row.dest],
                        conditions=[*_leading(row), *(partial(_holds, guard) for guard in row.guards)],
                        before=partial(_note, row),
                        after=partial(_call, f"after_{row.id}"),
                    )
            self._begun.add(state)

    def fire(self, model: Model, action: str, facts: F) -> Transition[F] | None:
        """Run `action` on a model: move it and call its callbacks.

        Returns the row that permitted, or None when the action is refused; the
        model is then as it was.
        """
        state = model._fsm_state  # noqa: SLF001 - as the machine's own
        if state not in self._begun:
            self._begin(state)
        event = self._machine.events.get(action)
        if event is None:
            return None
        fired: list[Transition[F]] = []
        try:
            event.trigger(model, facts=facts, fired=fired)
        except transitions.MachineError:
            if fired:  # a callback's own error
                raise
            return None  # no row leads from this state
        return fired[0] if fired else None

    def decide(self, action: StrEnum, facts: F) -> Decision:
        """Ask the machine what `action` would do under `facts`; nothing moves."""
        probe = _Probe(facts.target)  # type: ignore[attr-defined]
        row = self.fire(probe, action, facts)
        return refuse(self.policy, action, facts) if row is None else allow(row, facts)


class Memory(dict[Key, Decision], Generic[F]):
    """The machine's decisions, each made when first asked for and then shared.

    Looking up an action that the policy does not know raises `KeyError`.
    """

    def __init__(self, policy: Table[F]) -> None:
        super().__init__()
        self.machine = Machine(policy)
        # A policy may have no row at all for some of the words that it knows.
        self._actions = {action.value: action for trigger in policy.triggers for action in type(trigger)}
        self.action_of: dict[str, str] = {row.id: row.trigger for row in policy.transitions}
        self._domain: Domain[F] = policy.domain

    def decide(self, action: str, facts: F) -> Decision:
        """The decision on an action under these facts.

        Raises `DefinitionError` for an action that the policy does not know, and for facts that it cannot meet.
        """
        policy = self.machine.policy
        if action not in self._actions:
            raise DefinitionError(f"policy `{policy.id}` has no action `{shorten(str(action))}`")
        if not isinstance(facts, self._domain.record):
            raise DefinitionError(f"the facts of policy `{policy.id}` are `{self._domain.record.__name__}`")
        code = self._domain.pack(facts)
        if not self._domain.allows(facts):
            raise DefinitionError("these facts cannot come together")
        return self[action, facts.target, facts.sender, code]  # type: ignore[attr-defined]

    def __missing__(self, key: Key) -> Decision:
        word, target, sender, code = key
        action = self._actions[word]
        decision = self.machine.decide(action, self._domain.unpack(code, target=target, sender=sender))
        self[action, target, sender, code] = decision
        return decision


def memory_of(policy: Table[F]) -> Memory[F]:
    """The one memory, and so the one machine, that all rooms of a policy share."""
    return policy.derived(Memory)


class Host(Protocol):
    """What a participant needs from its room."""

    def participation(self, user: str) -> Participation:
        """The user's state now."""

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""

    def send_action(self, action: str, sender: str, target: str, reason: str | None) -> Decision:
        """Decide, and apply when allowed. Raises `EventError` for an unknown action, and for what is no user id."""


class _Themselves(Enum):
    """Who acts where nobody is named: an absent `by`, as opposed to one that holds no user."""

    THEMSELVES = auto()


_THEMSELVES: Final = _Themselves.THEMSELVES


_CALLBACKS = ("on_enter_", "on_exit_", "after_")
"""What the names of callbacks begin with."""


class Participant:
    """One user's participation in one room: a model of the policy's machine.

    Works as a model of `transitions` does, with two differences. A trigger
    names who acts (`by`), and answers with a `Decision` instead of a bare truth
    value or an exception. To join and to knock are the user's own acts, and so is
    to leave, unless `by` says that another user removes them. Subclasses may
    define the usual callbacks, each taking the `transitions.EventData`:
    `on_exit_<state>`, `on_enter_<state>` and `after_<transition id>`; they run
    when the change has been applied, also for a change that arrived as an event.
    An error raised in a callback reaches whoever acted; the change stands.
    """

    __slots__ = ("_before", "room", "user")

    has_callbacks: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.has_callbacks = any(name.startswith(_CALLBACKS) for name in dir(cls))

    def __init__(self, room: Host, user: str, before: Participation | None = None) -> None:
        self.room = room
        self.user = user
        # Where the user stood, while the machine goes once more through a change that the room has applied.
        self._before = before

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.user} {self.state}>"

    @property
    def state(self) -> Participation:
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

    def invite(self, *, by: str, reason: str | None = None) -> Decision:
        """Be invited."""
        return self.trigger(Action.INVITE, by=by, reason=reason)

    def join(self, *, reason: str | None = None) -> Decision:
        """Accept an invite, or come in where the room is public."""
        return self.trigger(Action.JOIN, by=self.user, reason=reason)

    def leave(self, *, by: str | _Themselves = _THEMSELVES, reason: str | None = None) -> Decision:
        """Leave or, by somebody else, be kicked, declined or unbanned."""
        return self.trigger(Action.LEAVE, by=self.user if isinstance(by, _Themselves) else by, reason=reason)

    def ban(self, *, by: str, reason: str | None = None) -> Decision:
        """Be banned."""
        return self.trigger(Action.BAN, by=by, reason=reason)

    def knock(self, *, reason: str | None = None) -> Decision:
        """Ask to be invited."""
        return self.trigger(Action.KNOCK, by=self.user, reason=reason)

    @property
    def _fsm_state(self) -> Participation:
        return self.state if self._before is None else self._before

    @_fsm_state.setter
    def _fsm_state(self, _: Participation) -> None:
        """Nothing: the state is the room's to keep."""


class _StockTransition(transitions.Transition):
    """A transition of the library that leads where its row does, which may be for the event to say."""

    def _change_state(self, event_data: transitions.EventData) -> None:
        machine, facts = event_data.machine, event_data.kwargs["facts"]
        dest = machine.get_state(event_data.kwargs["fired"][-1].leads_to(facts))
        machine.get_state(self.source).exit(event_data)
        machine.set_state(dest, event_data.model)
        event_data.update(dest.value)
        dest.enter(event_data)


class _Stock(transitions.Machine):
    transition_cls = _StockTransition


_BEGINNING = RLock()
"""Held while a machine gets rows."""


def check_callbacks(kind: type[Participant], policy: Table[Any]) -> None:
    """Raise `DefinitionError` for a callback that is named for no state and no transition of the policy."""
    known = {f"after_{row.id}" for row in policy.transitions}
    known |= {f"on_{way}_{state.value}" for state in policy.states for way in ("enter", "exit")}
    for name in dir(kind) if kind.has_callbacks else ():
        if name.startswith(_CALLBACKS) and name not in known:
            raise DefinitionError(f"`{kind.__name__}.{name}` is named for nothing that policy `{policy.id}` has")


class _Probe:
    """A model that is thrown away after one question."""

    __slots__ = ("_fsm_state",)

    def __init__(self, state: AnyState) -> None:
        self._fsm_state = state


def _state(state: AnyState) -> transitions.State:
    # Inside, the library calls an Enum state by its member's name, not its value:
    # callbacks are named here, so that they carry the draft's words.
    return transitions.State(
        cast("StrEnum", state),  # any value that can be hashed will do
        on_enter=partial(_call, f"on_enter_{state.value}"),
        on_exit=partial(_call, f"on_exit_{state.value}"),
    )


def _holds(guard: Guard[F], event: transitions.EventData) -> bool:
    answer = guard(event.kwargs["facts"])
    # The library takes whatever is not `== True` for a refusal: a slip would go unseen.
    if not isinstance(answer, bool):
        raise DefinitionError(f"guard `{guard.name}` answers {answer!r}, not true or false")
    return answer


def _leading(row: Transition[F]) -> tuple[Callable[[transitions.EventData], bool], ...]:
    """The condition of a row that is for some destinations only."""
    return (partial(_leads, row),) if isinstance(row.dest, Asked) and row.dest.among is not None else ()


def _leads(row: Transition[F], event: transitions.EventData) -> bool:
    return row.leads(event.kwargs["facts"])


def _note(row: Transition[F], event: transitions.EventData) -> None:
    event.kwargs["fired"].append(row)


def _call(name: str, event: transitions.EventData) -> None:
    callback = getattr(event.model, name, None)
    if callback is not None:
        callback(event)
