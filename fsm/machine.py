"""The policy's table as one `transitions` machine.

Theory of operation. This is the only module that knows the `transitions`
library. A policy becomes a single machine, shared by all rooms. The machine is never
told of its models with `add_model`, which would bind a dozen attributes to each of
them, among them ways past the guards.

Rooms ask it by way of `fsm.memory`, which keeps what it has answered.
"""

import logging
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from threading import RLock, local
from typing import Any, Generic, Protocol, cast

import transitions

from fsm.decision import Decision, allow, refuse
from fsm.errors import DefinitionError, shorten
from fsm.facts import F
from fsm.guards import Guard
from fsm.state import AnyState
from fsm.table import Table
from fsm.transition import Asked, Transition


class Model(Protocol):
    """What the machine moves. It is private because only the machine may write it."""

    _fsm_state: Any


_BEGINNING = RLock()
"""Held while a machine gets rows."""

_QUIET = local()
"""Whether a thread has the machine decide: what the library logs of that is of no use to a host."""


def _is_of_use(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or not getattr(_QUIET, "is_deciding", False)


logging.getLogger(transitions.core.__name__).addFilter(_is_of_use)


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
        _QUIET.is_deciding = True
        try:
            row = self.fire(probe, action, facts)
        finally:
            _QUIET.is_deciding = False
        return refuse(self.policy, action, facts) if row is None else allow(row, facts)


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
        raise DefinitionError(f"guard `{guard.name}` answers {shorten(repr(answer))}, not true or false")
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
