"""`fsm.review.testing.conform`: an implementation is asked; whatever it does is said, and nothing of it is left running."""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from queue import Empty
from textwrap import dedent
from threading import Event
from typing import IO
from xml.etree import ElementTree as ET

import pytest

from fsm import MIMI, load_policy
from fsm.errors import DefinitionError
from fsm.review.testing.child import LONGEST, Child
from fsm.review.testing.conform import Conformance, FaultKind, to_junit
from fsm.review.vectors.suite import Vector, covering_vectors, paths

DECIDE = (sys.executable, "-m", "fsm", "decide")


@cache
def cover() -> tuple[Vector, ...]:
    return covering_vectors(MIMI)[0]


def python(script: str) -> tuple[str, ...]:
    """A child made from a few lines, which may use what is imported here."""
    return (sys.executable, "-c", f"import json, os, subprocess, sys, time\n{dedent(script)}")


# A child that knows all the answers, and gives them with `answer`.
KNOWS = f"""
given = {{each["id"]: each["expected"] for each in map(json.loads, open({str(Path(__file__).parent.parent.parent / "vectors" / "mimi.jsonl")!r}))}}
def answer(line):
    return {{**given[json.loads(line)["id"]]}}
def say(value):
    print(json.dumps(value), flush=True)
"""


def knowing(script: str) -> tuple[str, ...]:
    return python(dedent(KNOWS) + dedent(script))


def run(command: tuple[str, ...], timeout: float = 5.0, *, strict: bool = False) -> Conformance:
    return Conformance("mimi", command, strict).run(cover(), timeout=timeout)


def test_fsm_decides_as_its_policies_say() -> None:
    result = run(DECIDE, strict=True)
    assert result, result.fault or result.disagreements[0]
    assert result.summary == f"{len(cover())} of {len(cover())} answers agree with mimi"


def test_paths_can_be_asked_step_by_step() -> None:
    policy = load_policy("mimi-00")
    steps = [vector for walk in paths(policy) for vector in walk.vectors()]
    assert Conformance("mimi-00", (*DECIDE, "--policy", "mimi-00")).run(steps)
    assert not Conformance("mimi-00", DECIDE).run(steps)


# Children that conform, each in its own manner.
# fmt: off
FINE = {
    "flushes every answer": """
        for line in sys.stdin: say(answer(line))""",
    "answers when all is asked": """
        for line in sys.stdin.readlines(): say(answer(line))""",
    "buffers its answers": """
        for line in sys.stdin: print(json.dumps(answer(line)))""",
    "repeats the id": """
        for line in sys.stdin: say({"id": json.loads(line)["id"], **answer(line)})""",
    "names no transitions": """
        for line in sys.stdin: say({key: answer(line)[key] for key in ("allowed", "after")})""",
    "talks on standard error": """
        for line in sys.stdin:
            say(answer(line))
            sys.stderr.write("x" * 10_000 + "\\n")""",
    "has long answers": """
        for line in sys.stdin: say({**answer(line), "padding": "x" * 50_000})""",
    "leaves somebody behind": """
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        for line in sys.stdin: say(answer(line))
        sys.stdout.close(); os.close(1)""",
}
# fmt: on


@pytest.mark.parametrize("script", FINE.values(), ids=FINE)
def test_a_child_that_conforms(script: str) -> None:
    result = run(knowing(script))
    assert result.fault is None, str(result.fault)
    assert result, result.disagreements


def test_what_the_answers_do_not_hold_is_said() -> None:
    result = run(knowing(FINE["names no transitions"]))
    assert result.summary.endswith("; not all answers hold transition and before")


# Children that do not.
# fmt: off
ILL: dict[str, tuple[str, FaultKind, str]] = {
    "hangs at once":      ("time.sleep(60)", FaultKind.HANGS, "no answer within 0.3 seconds (0 answered)"),
    "hangs later":        ("""
        for number, line in enumerate(sys.stdin):
            if number == 7: time.sleep(60)
            say(answer(line))""", FaultKind.HANGS, "no answer within 2 seconds (7 answered)"),
    "hangs on":           ("""
        for line in sys.stdin: say(answer(line))
        time.sleep(60)""", FaultKind.HANGS, "still runs 2 seconds after its last answer"),
    "hangs, output closed": ("""
        for line in sys.stdin: say(answer(line))
        os.close(1); time.sleep(60)""", FaultKind.HANGS, "still runs 2 seconds after its output has ended"),
    "dribbles":           ("""
        while True: sys.stdout.write("x"); sys.stdout.flush(); time.sleep(0.05)""", FaultKind.HANGS, "no answer within 0.3 seconds"),
    "dies at once":       ("sys.exit(3)", FaultKind.DIES, "ends with status 3 (0 answered)"),
    "dies later":         ("""
        say(answer(sys.stdin.readline())); sys.exit("out of memory")""", FaultKind.DIES, "ends with status 1 (1 answered); its last words: out of memory"),
    "dies by a signal":   ("os.kill(os.getpid(), 11)", FaultKind.DIES, "is ended by SIGSEGV (0 answered)"),
    "dies afterwards":    ("""
        for line in sys.stdin: say(answer(line))
        sys.exit(4)""", FaultKind.DIES, "ends with status 4 after its last answer"),
    "dies, survived":     ("""
        say(answer(sys.stdin.readline()))
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        sys.exit(5)""", FaultKind.DIES, "ends with status 5 (1 answered)"),
    "closes its output":  ("os.close(1); time.sleep(60)", FaultKind.DIES, "ends its output (0 answered)"),
    "floods with lines":  ("""
        while True: print("y")""", FaultKind.FLOODS, "writes more than 5000 lines that nobody asked for, first `y`"),
    "floods with answers": ("""
        while True: print('{"allowed": true}')""", FaultKind.FLOODS, "writes more than 5000 lines that nobody asked for"),
    "floods with one line": ("""
        while True: sys.stdout.write("x" * 10000)""", FaultKind.FLOODS, "writes a line without end, first `xxx"),
    "floods the other way": ("""
        while True: sys.stderr.write("x" * 10000)""", FaultKind.HANGS, "no answer within 2 seconds (0 answered); its last words: xxx"),
    "answers twice":      ("""
        for line in sys.stdin: say(answer(line)); say(answer(line))""", FaultKind.OUT_OF_STEP, "answers more than it is asked"),
    "answers once more":  ("""
        for line in sys.stdin: say(answer(line))
        say(answer(line))""", FaultKind.OUT_OF_STEP, "answers more than it is asked, next `{"),
    "leaves one out":     ("""
        for number, line in enumerate(sys.stdin):
            if number != 20: say({**answer(line), "id": json.loads(line)["id"]})""", FaultKind.OUT_OF_STEP, "answers `mimi/"),
    "leaves the first out": ("""
        sys.stdin.readline()
        for line in sys.stdin: say(answer(line))""", FaultKind.OUT_OF_STEP, "every answer comes 1 early"),
    "is one behind":      ("""
        before = '{"allowed": false}'
        for line in sys.stdin:
            print(before); before = json.dumps(answer(line))""", FaultKind.OUT_OF_STEP, "every answer comes 1 late"),
    "answers some":       ("""
        for line in sys.stdin.readlines()[:9]: say(answer(line))""", FaultKind.OUT_OF_STEP, " questions unanswered (9 answered)"),
    "greets":             ("""
        print("ready", flush=True)
        for line in sys.stdin: say(answer(line))""", FaultKind.RUBBISH, "`ready` is not JSON: expecting value at character 1 (0 answered)"),
    "echoes":             ("""
        for line in sys.stdin: print(line, end="", flush=True)""", FaultKind.RUBBISH, "is not an answer"),
    "speaks bytes":       ("""
        os.write(1, b"\\xff\\xfe\\n"); time.sleep(60)""", FaultKind.RUBBISH, "is not UTF-8 at byte 1"),
    "says neither":       ("""
        print('{"allowed": "yes"}', flush=True); time.sleep(60)""", FaultKind.RUBBISH, '`{"allowed": "yes"}` is not an answer'),
    "says a number":      ("""
        print("12", flush=True); time.sleep(60)""", FaultKind.RUBBISH, "`12` is not an answer"),
}
# fmt: on


@pytest.mark.parametrize(("script", "kind", "problem"), ILL.values(), ids=ILL)
def test_a_child_that_is_ill(script: str, kind: FaultKind, problem: str) -> None:
    started = time.monotonic()
    # Only a child that hangs makes us wait; the others may be slow to start on a busy machine.
    seconds = re.search(r"([\d.]+) seconds", problem)
    result = run(knowing(script), timeout=float(seconds[1]) if seconds else 10.0)
    assert not result
    assert result.fault is not None
    assert result.fault.kind is kind, str(result.fault)
    assert problem in result.fault.problem
    assert "\n" not in str(result.fault)
    assert time.monotonic() - started < 12


def read_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be read until the child has ended, and somebody has asked in vain for output since."""
    is_missed = Event()
    take, pieces = Child.take, Child._pieces

    def take_in_vain(child: Child, seconds: float) -> bytes | None:
        has_ended = child.ended(0) is not None
        try:
            return take(child, seconds)
        except Empty:
            if has_ended:
                is_missed.set()
            raise

    def late_pieces(child: Child, pipe: IO[bytes]) -> Iterator[bytes]:
        assert is_missed.wait(10)
        yield from pieces(child, pipe)

    monkeypatch.setattr(Child, "take", take_in_vain)
    monkeypatch.setattr(Child, "_pieces", late_pieces)


def test_what_a_child_has_written_counts_even_when_it_has_ended_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_late(monkeypatch)
    assert run(knowing(FINE["flushes every answer"]))


def test_last_words_are_heard_even_when_the_child_has_ended_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_late(monkeypatch)
    script, _, problem = ILL["dies later"]
    fault = run(knowing(script)).fault
    assert fault is not None
    assert fault.problem == problem


@pytest.mark.parametrize(
    ("status", "problem"), [(0, None), (4, "ends with status 4 after its last answer (9 answered)")]
)
def test_a_child_may_end_before_we_know_that_it_was_asked_all(
    monkeypatch: pytest.MonkeyPatch, status: int, problem: str | None
) -> None:
    is_over = Event()
    take = Child.take

    def take_and_tell(child: Child, seconds: float) -> bytes | None:
        line = take(child, seconds)
        if line is None:
            is_over.set()
        return line

    def nine() -> Iterator[Vector]:
        yield from cover()[:9]
        assert is_over.wait(10)

    monkeypatch.setattr(Child, "take", take_and_tell)
    child = knowing(f"for _ in range(9): say(answer(sys.stdin.readline()))\nsys.exit({status})")
    fault = Conformance("mimi", child).run(nine()).fault
    assert (fault and fault.problem) == problem


def test_a_long_answer_is_read_up_to_a_limit() -> None:
    result = run(knowing(f"print('x' * {LONGEST + 10}); time.sleep(60)"), timeout=0.5)
    assert result.fault is not None
    assert result.fault.kind is FaultKind.FLOODS


def test_a_timeout_is_for_one_answer_and_not_for_all() -> None:
    slow = knowing("""
        for number, line in enumerate(sys.stdin):
            time.sleep(0.01)
            say(answer(line))""")
    assert run(slow, timeout=1.0)


# Nothing is left running.


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended but has not been waited for counts as ended.
    return " Z " not in f" {Path(f'/proc/{pid}/stat').read_text(encoding='ascii').rpartition(')')[2]}"


@pytest.mark.parametrize(
    "end", ["time.sleep(60)", "sys.exit()", "print('rubbish')", "print(1); os.close(1); time.sleep(60)"]
)
def test_nothing_is_left_running(end: str, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    command = python(f"""
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        others = [
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=leaves_group)
            for leaves_group in (False, True)
        ]
        open({str(file)!r}, "w").write(" ".join(map(str, [os.getpid(), *(other.pid for other in others)])))
        {end}""")
    run(command, timeout=1.0)
    pids = [int(word) for word in file.read_text(encoding="utf-8").split()]
    assert len(pids) == 3
    until = time.monotonic() + 5
    while any(map(is_running, pids)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(is_running, pids))


def test_nothing_is_left_running_when_the_caller_is_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    def interrupt() -> None:
        raise KeyboardInterrupt

    command = knowing(f"""
        open({str(file)!r}, "w").write(str(os.getpid()))
        for line in sys.stdin: say(answer(line))
        time.sleep(60)""")
    with pytest.raises(KeyboardInterrupt):
        Conformance("mimi", command).run(cover(), watch=interrupt)
    assert not is_running(int(file.read_text(encoding="utf-8")))


def test_a_fault_in_making_the_questions_is_no_fault_of_the_child() -> None:
    def broken() -> Iterator[Vector]:
        yield cover()[0]
        raise DefinitionError("there are no more")

    with pytest.raises(DefinitionError, match="there are no more"):
        Conformance("mimi", knowing(FINE["flushes every answer"])).run(broken())


def test_a_command_that_does_not_exist() -> None:
    with pytest.raises(FileNotFoundError):
        run(("no-such-command",))


# Disagreements.


def test_a_wrong_answer_is_told_with_its_reason() -> None:
    command = knowing("""
        for line in sys.stdin:
            due = answer(line)
            say({**due, "allowed": True, "transition": "kick", "after": "leave"} if json.loads(line)["id"] == "mimi/leave/00680" else due)""")
    (wrong,) = run(command).disagreements
    assert wrong.differing == ("allowed", "transition", "after")
    assert (wrong.due, wrong.words) == ("rejected", "allowed to leave (kick)")
    assert wrong.why == "kick: the sender does not outrank the target for kicking"


def test_an_error_is_a_wrong_answer() -> None:
    result = run(
        python("""
        for line in sys.stdin: print(json.dumps({"error": {"code": "bad_event", "message": "I do not know"}}))""")
    )
    assert len(result.disagreements) == len(cover())
    assert result.disagreements[0].words == "error: I do not know"
    assert result.fault is None


def test_other_reasons_count_when_strict() -> None:
    command = knowing("""
        for line in sys.stdin:
            due = answer(line)
            for each in due["refusals"]: each["failed"] = each["failed"][:1]
            say(due)""")
    assert run(command)
    strict = run(command, strict=True)
    assert strict.disagreements
    assert all(
        len(each.vector.decision.refusals[0].failed) > 1 or len(each.vector.decision.refusals) > 1
        for each in strict.disagreements
    )


def test_refusals_of_any_shape_are_only_wrong() -> None:
    command = knowing("""
        for line in sys.stdin: say({**answer(line), "refusals": [1, {"failed": 2}, None]})""")
    assert len(run(command, strict=True).disagreements) == sum(not vector.decision.allowed for vector in cover())


def test_a_run_as_junit() -> None:
    command = knowing("""
        for number, line in enumerate(sys.stdin):
            if number == 50: os.write(1, b"\\x00<rubbish>\\n"); time.sleep(60)
            say({**answer(line), "allowed": True})""")
    result = run(command)
    root = ET.fromstring(to_junit(result))  # noqa: S314 - our own
    suite = root[0]
    assert suite.attrib["name"] == "fsm conform mimi"
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) == 51
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == len(result.disagreements) > 0
    (error,) = suite.findall("testcase/error")
    assert error.attrib["type"] == "rubbish"
    assert "<rubbish>" in error.attrib["message"]


def test_a_run_as_json() -> None:
    text = json.loads(json.dumps(run(knowing("sys.exit(3)")).as_json()))
    assert (text["conforms"], text["answers"], text["disagreements"]) == (False, 0, [])
    assert text["fault"]["kind"] == "dies"


def test_no_answers_do_not_conform() -> None:
    assert not Conformance("mimi", ()).answers
    assert not Conformance("mimi", ())
    assert Conformance("mimi", ()).summary == "no answer to compare with mimi"
