"""The policy's table as a machine, and the traps of the library that runs it."""

import logging
import threading
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import pytest
import transitions

from fsm import (
    MIMI,
    Action,
    Decision,
    DefinitionError,
    Facts,
    Guard,
    Machine,
    Participant,
    Policy,
    Room,
    Transition,
    guard,
)
from fsm.memory import Memory, memory_of
from tests.builders import ALICE, BAN, BOB, CAROL, INVITE, JOIN, KNOCK, LEAVE, STAFF, change, facts, joined, room


@dataclass
class Model:
    """The least that the machine can move."""

    _fsm_state: Any


@pytest.fixture(scope="module")
def machine() -> Machine[Facts]:
    return Machine(MIMI)


def stock(**options: Any) -> transitions.Machine:
    """A small machine as a user of the library would build it, without our care."""
    machine = transitions.Machine(states=["out", "in"], initial="out", **options)
    machine.add_transition("enter", "out", "in", conditions=lambda *_: False)
    return machine


# Firing.


def test_firing_moves_a_model_and_names_the_row(machine: Machine[Facts]) -> None:
    model = Model(JOIN)
    row = machine.fire(model, LEAVE, facts(**STAFF))
    assert row is not None
    assert row.id == "kick"
    assert model._fsm_state is LEAVE


# fmt: off
REFUSED = [
    ("leave",   facts(),                       "a guard fails"),
    ("invite",  facts(**STAFF),                "no row leads from here"),
    ("dance",   facts(**STAFF),                "no such action"),
    ("LEAVE",   facts(**STAFF),                "an action goes by its word, not by its member's name"),
    ("to_ban",  facts(**STAFF),                "no way around the guards"),
    ("to_BAN",  facts(**STAFF),                "no way around the guards"),
]
# fmt: on


@pytest.mark.parametrize(("action", "given", "why"), REFUSED)
def test_a_refused_action_moves_nothing(machine: Machine[Facts], action: str, given: Facts, why: str) -> None:
    model = Model(given.target)
    assert machine.fire(model, action, given) is None, why
    assert model._fsm_state is given.target


def test_the_rows_that_lead_from_a_state_are_added_once() -> None:
    machine = Machine(MIMI)
    for given in (facts(), facts(**STAFF), facts(target=BAN)):
        machine.decide(LEAVE, given)
        machine._begin(JOIN)
    added = machine._machine.events[LEAVE].transitions
    assert {name: len(rows) for name, rows in added.items() if rows} == {"JOIN": 2, "BAN": 1}


def test_deciding_moves_nothing(machine: Machine[Facts]) -> None:
    given = facts(**STAFF)
    assert [machine.decide(LEAVE, given) for _ in range(2)] == [
        Decision(allowed=True, transition="kick", before=JOIN, after=LEAVE)
    ] * 2
    assert given == facts(**STAFF)


def test_an_error_of_the_library_inside_a_callback_is_no_refusal(machine: Machine[Facts]) -> None:
    class Careless(Model):
        def on_enter_leave(self, _: transitions.EventData) -> None:
            raise transitions.MachineError("my own machine broke")

    with pytest.raises(transitions.MachineError, match="my own machine broke"):
        machine.fire(Careless(JOIN), LEAVE, facts(**STAFF))


def test_callbacks_come_in_order_and_know_the_change(machine: Machine[Facts]) -> None:
    seen: list[tuple[str, str, str]] = []

    class Watching(Model):
        def on_exit_join(self, event: transitions.EventData) -> None:
            self.see("exit", event)

        def on_enter_leave(self, event: transitions.EventData) -> None:
            self.see("enter", event)

        def after_kick(self, event: transitions.EventData) -> None:
            self.see("after", event)

        def after_leave(self, event: transitions.EventData) -> None:
            self.see("not this row", event)

        def see(self, what: str, event: transitions.EventData) -> None:
            assert event.model is self
            assert event.kwargs["facts"].target is JOIN
            assert event.state.value is self._fsm_state
            seen.append((what, str(self._fsm_state), str(event.event.name)))

    machine.fire(Watching(JOIN), LEAVE, facts(**STAFF))
    assert seen == [("exit", "join", "leave"), ("enter", "leave", "leave"), ("after", "leave", "leave")]


# The memory of the machine.


def test_memory_answers_as_the_machine_does(machine: Machine[Facts]) -> None:
    memory = Memory(MIMI)
    assert not memory
    weights = MIMI.domain.weights
    for action, given in list(MIMI.cells())[::11]:
        code = sum(each[getattr(given, fact)] for fact, each in weights.items())
        assert memory[action, given.target, given.sender, code] == machine.decide(action, given)


def test_memory_asks_the_machine_once(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(MIMI)
    asked: list[Action] = []
    decide = memory.machine.decide

    def counted(action: Action, given: Facts) -> Decision:
        asked.append(action)
        return decide(action, given)

    monkeypatch.setattr(memory.machine, "decide", counted)
    first = memory[LEAVE, JOIN, JOIN, 0]
    assert memory["leave", JOIN, JOIN, 0] is first
    assert memory["leave", "join", "join", 0] is first
    assert asked == [LEAVE]


def test_one_machine_per_policy_shared_by_all_rooms() -> None:
    one, other = room(room_id="!one:x"), room(room_id="!other:x")
    assert one._rules.memory is other._rules.memory is memory_of(MIMI)
    # The memory asks by identity: another policy never meets the answers of this one.
    assert memory_of(MIMI.evolve("mimi", drop=["kick"])) is not memory_of(MIMI)


def test_an_action_without_any_row_is_refused() -> None:
    no_knocks = MIMI.evolve("no-knocks", drop=["knock", "reknock"])
    quiet = Room.create("!quiet:x", ALICE, policy=no_knocks)
    expected = Decision(
        allowed=False,
        before=LEAVE,
        after=LEAVE,
        reason="no transition: `knock` is not possible while the target is in `leave`",
    )
    assert Machine(no_knocks).decide(KNOCK, facts(target=LEAVE, is_self=True)) == expected
    assert quiet.decide(change(KNOCK, BOB)) == expected
    assert quiet.send(change(KNOCK, BOB)) == expected
    assert quiet.participant(BOB).knock() == expected
    assert quiet.actions(BOB, BOB) == {}


# The traps of the library (0.9.3), each shown to be there, and shown to be closed here.


def test_trap_auto_transitions_pass_every_guard(machine: Machine[Facts]) -> None:
    trapped = stock()
    assert trapped.enter() is False
    assert trapped.to_in() is True, "by default the library adds a way past every guard"

    for state in MIMI.states:
        machine._begin(state)
    assert sorted(machine._machine.events) == ["ban", "invite", "join", "knock", "leave"]
    ways_past = [name for name in dir(room().participant(BOB)) if name.startswith("to")]
    assert ways_past == []


def answers_a_word() -> Any:
    return "yes, of course"


def truthy(_: Facts) -> bool:
    return "yes, of course"  # type: ignore[return-value]


def truthy_when_kicking(given: Facts) -> bool:
    return given.may_kick and "yes, of course"  # type: ignore[return-value]


def policy_with(guard: Guard[Facts]) -> Policy[Facts]:
    return replace(MIMI, transitions=(Transition("go", LEAVE, {JOIN}, LEAVE, (guard,)),))


def test_trap_a_truthy_answer_counts_as_failed() -> None:
    trapped = transitions.Machine(states=["out", "in"], initial="out")
    trapped.add_transition("enter", "out", "in", conditions=answers_a_word)
    assert trapped.enter() is False, "the library wants exactly True"

    with pytest.raises(DefinitionError, match="guard `truthy` answers 'yes, of course', not true or false"):
        policy_with(Guard(truthy, "yes", "no"))


def test_trap_a_truthy_answer_that_shows_late_is_an_error_and_no_refusal() -> None:
    late = Machine(policy_with(Guard(truthy_when_kicking, "yes", "no")))
    assert not late.decide(LEAVE, facts())
    model = Model(JOIN)
    with pytest.raises(DefinitionError, match="guard `truthy_when_kicking` answers 'yes, of course'"):
        late.fire(model, LEAVE, facts(may_kick=True))
    assert model._fsm_state is JOIN


def test_trap_three_faces_of_refusal_are_one_decision(machine: Machine[Facts]) -> None:
    trapped = stock(auto_transitions=False)
    assert trapped.enter() is False, "a guard fails"
    trapped.set_state("in")
    with pytest.raises(transitions.MachineError):
        trapped.enter()
    with pytest.raises(AttributeError):
        trapped.dance()

    guard_fails = machine.decide(LEAVE, facts())
    no_row = machine.decide(INVITE, facts())
    no_action = Machine(policy_with(MIMI.guards[0])).decide(KNOCK, facts())
    for decision in (guard_fails, no_row, no_action):
        assert type(decision) is Decision
        assert not decision
        assert decision.reason


def test_trap_a_queued_machine_says_true_and_then_refuses(machine: Machine[Facts]) -> None:
    answers: list[bool] = []
    trapped = transitions.Machine(states=["out", "in"], initial="out", queued=True)
    trapped.add_transition("wait", "out", "out", after=lambda: answers.append(trapped.enter()))
    trapped.add_transition("enter", "out", "in", conditions=lambda: False)
    trapped.wait()
    assert answers == [True]
    assert trapped.state == "out"

    assert machine._machine.has_queue is False


def test_trap_states_go_by_the_names_of_their_members(machine: Machine[Facts]) -> None:
    trapped = transitions.Machine(states=Action, initial=LEAVE, auto_transitions=False)
    assert list(trapped.states) == ["INVITE", "JOIN", "LEAVE", "BAN", "KNOCK"]
    assert hasattr(trapped, "is_BAN")
    assert not hasattr(trapped, "is_ban")

    # Seen from outside there are only the draft's words.
    decision = machine.decide(LEAVE, facts(**STAFF))
    assert (decision.before, decision.after) == ("join", "leave")
    assert f"{decision.before} to {decision.after}" == "join to leave"


@pytest.fixture
def busy_room() -> Room:
    busy = room(*joined(BOB, CAROL))
    for user in (BOB, CAROL):
        assert busy.participant(user).leave()
    return busy


def test_trap_a_registered_model_is_littered(busy_room: Room) -> None:
    class Light:
        pass

    trapped = transitions.Machine(model=None, states=["out", "in"], initial="out")
    light: Any = Light()
    trapped.add_model(light)
    assert len(vars(light)) > 5, "the library hangs attributes on every model"

    assert busy_room._rules.memory.machine._machine.models == []
    participant = busy_room.participant(BOB)
    assert not hasattr(participant, "__dict__")
    assert sorted(name for name in dir(participant) if not name.startswith("_")) == [
        "ban",
        "has_async_hooks",
        "has_hooks",
        "invite",
        "join",
        "knock",
        "leave",
        "may",
        "room",
        "state",
        "trigger",
        "user",
    ]


def test_the_machine_logs_nothing_worth_worrying_about(
    machine: Machine[Facts], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        machine.decide(LEAVE, facts())
        machine.decide(INVITE, facts())
    assert caplog.records == []


def test_states_of_the_machine_are_those_of_the_policy(machine: Machine[Facts]) -> None:
    assert [state.value for state in machine._machine.states.values()] == list(MIMI.states)
    assert all(isinstance(state.value, Enum) for state in machine._machine.states.values())
    assert BAN in MIMI.states
    assert not issubclass(Participant, transitions.Machine)


# What the library logs.


def test_only_what_the_library_logs_of_decisions_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("transitions.core")

    @guard("it is logged", fails="it is not logged")
    def it_is_logged(facts: Facts) -> bool:
        log.info("of no use")
        log.warning("of use")
        if facts.may_ban:
            raise ZeroDivisionError
        return True

    row = next(row for row in MIMI.transitions if row.id == "kick")
    machine = Machine(replace(MIMI, id="logs", transitions=(replace(row, guards=(it_is_logged,)),)))
    caplog.set_level(logging.INFO, "transitions.core")
    caplog.clear()  # a policy asks its guards when it is made

    def told() -> list[str]:
        messages = [record.message for record in caplog.records if record.message.startswith(("of", "in", "after"))]
        caplog.clear()
        return messages

    thread = threading.Thread(target=log.info, args=("in a thread that never decided",))
    thread.start()
    thread.join()
    assert told() == ["in a thread that never decided"]
    assert machine.decide(LEAVE, facts(**{**STAFF, "may_ban": False}))
    log.info("after a decision")
    assert told() == ["of use", "after a decision"]
    with pytest.raises(ZeroDivisionError):
        machine.decide(LEAVE, facts(**{**STAFF, "may_ban": True}))
    log.info("after an error")
    assert told() == ["of use", "after an error"]


def test_a_memory_knows_the_action_of_every_row() -> None:
    memory = memory_of(MIMI)
    assert memory.action_of == {row.id: row.trigger for row in MIMI.transitions}
    assert next(iter(memory.action_of)) == MIMI.transitions[0].id


def test_of_two_faults_the_action_is_told_first() -> None:
    with pytest.raises(DefinitionError, match="has no action `dance`"):
        memory_of(MIMI).decide("dance", "no facts")  # type: ignore[arg-type]
