"""An interruption wherever the interpreter looks for one: no lock stays held, and whoever comes next is told."""

import dis
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import fsm
from fsm import Change, Participant, Room
from fsm.locks import LOCKS
from tests.builders import ALICE, BOB, CAROL, INVITE, change

HOME = str(Path(fsm.__file__).parent)
LOOKS = ("CALL", "JUMP_BACKWARD", "RESUME")
"""After these the interpreter looks whether somebody has interrupted it."""


def places(code: CodeType) -> frozenset[int]:
    """Where in a function that is."""
    steps = list(dis.get_instructions(code))
    return frozenset(after.offset for step, after in pairwise(steps) if step.opname.startswith(LOOKS))


def is_interrupted(number: int, act: Callable[[], object]) -> bool:
    """Interrupt an act at the place of this number, if it comes to so many."""
    known: dict[CodeType, frozenset[int]] = {}
    left = number

    def trace(frame: FrameType, what: str, _: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(HOME):
            return None
        frame.f_trace_opcodes = True
        if what == "opcode":
            if frame.f_code not in known:
                known[frame.f_code] = places(frame.f_code)
            if frame.f_lasti in known[frame.f_code]:
                left -= 1
                if left < 0:
                    raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


class Guest(Participant):
    """Somebody whose hooks are called."""

    def on_enter_invite(self, each: Change) -> None:
        assert self.state is INVITE, each


def send(tea: Room[Guest]) -> None:
    tea.send({**change(INVITE, ALICE, BOB), "event_id": "$1"})


def send_carefully(tea: Room[Guest]) -> None:
    tea.send(change(INVITE, ALICE, BOB, room_id=tea.id))


def ask(tea: Room[Guest]) -> None:
    tea.decide(change(INVITE, ALICE, BOB, room_id=tea.id))


def apply(tea: Room[Guest]) -> None:
    tea.apply(tea.prepare(change(INVITE, ALICE, BOB)))


def take(tea: Room[Guest]) -> None:
    tea.take(change(INVITE, ALICE, BOB))


def act(tea: Room[Guest]) -> None:
    tea.participant(BOB).invite(by=ALICE)


ACTS = [
    pytest.param(do, id=do.__name__, marks=[pytest.mark.long] if do in {apply, take, act} else [])
    for do in (send, send_carefully, ask, apply, take, act)
]


def interrupted(do: Callable[[Room[Guest]], None]) -> Iterator[tuple[Room[Guest], list[Change]]]:
    """Rooms in which this was interrupted, at each place in turn, and what was told."""
    for number in range(100_000):
        tea, told = Room.create("!tea:a.example", ALICE, participant=Guest), list[Change]()
        tea.observe(told.append, of={"change", "taken"})
        if not is_interrupted(number, lambda: do(tea)):  # noqa: B023 - called at once
            assert number > 10
            return
        yield tea, told


def check(tea: Room[Guest], told: list[Change]) -> None:
    """That no lock is held, that who comes next is answered and told, and that nothing was told that is not so."""
    assert all("unlocked" in repr(lock) for lock in LOCKS)
    assert tea.send(change(INVITE, ALICE, CAROL))
    assert [each.target for each in told][-1:] == [CAROL]
    assert len(told) == len({each.revision for each in told})
    assert tea.participation(BOB) is INVITE or BOB not in {each.target for each in told}


@pytest.mark.parametrize("do", ACTS)
def test_whoever_comes_after_an_interruption_is_answered_and_told(do: Callable[[Room[Guest]], None]) -> None:
    for tea, told in interrupted(do):
        check(tea, told)


def test_who_is_interrupted_while_waiting_is_told_so_and_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        """A lock that another thread holds until somebody presses a key."""

        def acquire(self) -> None:
            raise KeyboardInterrupt

        def release(self) -> None:
            raise RuntimeError("cannot release un-acquired lock")

    tea = Room.create("!tea:a.example", ALICE)
    monkeypatch.setattr("fsm.room.sending.LOCKS", [Held()] * len(LOCKS))
    with pytest.raises(KeyboardInterrupt):
        tea.send(change(INVITE, ALICE, BOB))
    assert tea.revision == 1
