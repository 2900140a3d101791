"""Libraries of state machines, each with the rows of `mimi` and the guards as its conditions.

A pair is a model or machine that is put into the target's state when the question
comes. The facts are worked out before: the time is that of the machine alone.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import automat
import statemachine
import transitions
from statemachine.exceptions import TransitionNotAllowed

from benchmarks.peer import Answer
from benchmarks.workload import Event
from fsm import MIMI, Facts, Guard

_STATES = [str(state) for state in MIMI.states]


class Model:
    """A model as the documentation of `transitions` has it."""

    state: str
    trigger: Callable[[str, Facts], bool]


def stock_machine(model: Model, initial: str) -> transitions.Machine:
    """A machine of `transitions` as it comes, but for the triggers that would go past every guard."""
    machine = transitions.Machine(model=model, states=_STATES, initial=initial, auto_transitions=False)
    for row in MIMI.transitions:
        source: list[Any] = [str(state) for state in row.source]
        conditions: list[Any] = [guard.test for guard in row.guards]
        machine.add_transition(row.trigger.value, source, str(row.dest), conditions=conditions)
    return machine


def shared_machine() -> Answer[Facts]:
    """`transitions`: one machine with one model."""
    model = Model()
    stock_machine(model, "leave")
    return partial(_fire, model)


def kept_machines() -> Answer[Facts]:
    """`transitions`: a machine of its own for each user in the room, made when they first come up and kept."""
    models: dict[str, Model] = {}

    def answer(facts: Facts, event: Event) -> bool:
        target = event["state_key"]
        model = models.get(target)
        if model is None:
            model = models[target] = Model()
            stock_machine(model, "leave")
        return _fire(model, facts, event)

    return answer


def build() -> None:
    """`transitions`: make a machine for one pair."""
    stock_machine(Model(), "leave")


def _fire(model: Model, facts: Facts, event: Event) -> bool:
    model.state = facts.target.value
    try:
        return model.trigger(event["content"]["participation"], facts)
    except transitions.MachineError:
        return False


def python_statemachine() -> Answer[Facts]:
    """python-statemachine: one machine."""
    states = {name: statemachine.State(value=name, initial=name == "leave") for name in _STATES}
    events: dict[str, Any] = {}
    for row in MIMI.transitions:
        for state in row.source:
            made = states[state.value].to(states[str(row.dest)], cond=[partial(_condition, g) for g in row.guards])
            known = events.get(row.trigger.value)
            events[row.trigger.value] = made if known is None else known | made
    # A word of the draft names an action and a state, here two things of different names.
    named = {f"in_{name}": state for name, state in states.items()}
    make: Any = type(statemachine.StateMachine)
    machine = make("Pair", (statemachine.StateMachine,), {**named, **events})()

    def answer(facts: Facts, event: Event) -> bool:
        machine.current_state_value = facts.target.value
        try:
            machine.send(event["content"]["participation"], facts=facts)
        except TransitionNotAllowed:
            return False
        return True

    return answer


def _condition(guard: Guard[Facts], facts: Facts) -> bool:
    return guard.test(facts)


def automat_machine() -> Answer[Facts]:
    """Automat, which has no conditions: what the guards say becomes part of the input's name."""
    pair = _automat_class()()

    def answer(facts: Facts, event: Event) -> bool:
        pair.restore(facts.target.value)
        try:
            getattr(pair, _input_name(event["content"]["participation"], facts))()
        except automat.NoTransition:
            return False
        return True

    return answer


def _automat_class() -> Any:
    machine: Any = automat.MethodicalMachine()
    states = {name: machine.state(serialized=name, initial=name == "leave")(_named(f"in_{name}")) for name in _STATES}
    inputs: dict[str, Any] = {}
    seen: set[tuple[str, str]] = set()
    for action, facts in MIMI.cells():
        name, state = _input_name(action.value, facts), facts.target.value
        if name not in inputs:
            inputs[name] = machine.input()(_named(name))
        row = next((row for row in MIMI.candidates(action, facts.target) if row.permits(facts)), None)
        if row is not None and (name, state) not in seen:
            seen.add((name, state))
            states[state].upon(inputs[name], enter=states[str(row.leads_to(facts))], outputs=[])
    restore = machine.unserializer()(lambda _, state: state)
    return type("Pair", (), {"machine": machine, "restore": restore, **inputs})


def _named(name: str) -> Any:
    def method(self: object) -> None:
        """Nothing."""

    method.__name__ = name
    return method


_GUARDS = {
    action.value: tuple(dict.fromkeys(guard.test for row in _rows for guard in row.guards))
    for action in MIMI.triggers
    for _rows in [[row for row in MIMI.transitions if row.trigger is action]]
}


def _input_name(action: str, facts: Facts) -> str:
    return action + "".join("1" if holds else "0" for holds in _answers(_GUARDS[action], facts))


def _answers(tests: Iterable[Callable[[Facts], bool]], facts: Facts) -> Iterable[bool]:
    return [test(facts) for test in tests]
