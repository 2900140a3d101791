"""Whether an implementation decides as a policy says: it is asked, and its answers are compared.

Theory of operation. The implementation is a command that takes the questions of
`fsm decide` as JSON lines and answers them one for one. It may read ahead, and may
answer late or in blocks, as programs do that buffer their output; but it answers in
order, and every so often something. Whatever else it does ends the run at once, with
a `Fault` that says what it was.
"""

import json
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from queue import Empty
from time import monotonic
from typing import Any, Self

from fsm.errors import shorten
from fsm.review.testing import junit
from fsm.review.testing.child import LONGEST, Child
from fsm.review.vectors.suite import Vector, expected
from fsm.strict_json import read_json

COMPARED = ("allowed", "transition", "before", "after")
"""What is compared of an answer. One that does not name transitions or states is compared in the rest."""

MANY = 5_000
"""With more lines at once than this that nobody has asked for, a child is said to flood."""

_LOOK = 0.25  # seconds without a line after which a child does not flood
_TURN = 0.05  # seconds after which to look again whether all is asked
_GRACE = 2.0  # seconds to end in, once everything is answered or output has ended
_SHIFTS = (1, -1, 2, -2)
_ENOUGH = 10  # answers that have to fit before they are said to be out of step


class FaultKind(StrEnum):
    """What can be wrong with a child, whatever its answers say."""

    HANGS = "hangs"
    DIES = "dies"
    FLOODS = "floods"
    OUT_OF_STEP = "out of step"
    RUBBISH = "rubbish"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the run was ended, in one line."""

    kind: FaultKind
    problem: str

    def __str__(self) -> str:
        return f"the implementation {_VERBS.get(self.kind, self.kind)}: {self.problem}"


_VERBS = {FaultKind.OUT_OF_STEP: "is out of step", FaultKind.RUBBISH: "prints rubbish"}


@dataclass(frozen=True)
class Answer:
    """A vector, and what the implementation answers: what it decides, or the error that it reports."""

    vector: Vector
    given: Mapping[str, Any]
    error: str | None = None

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """The parts of the answer that are not as expected; those that are missing are not compared."""
        if self.error is not None:
            return ("error",)
        due = expected(self.vector.decision, None)
        return tuple(part for part in COMPARED if part in self.given and self.given[part] != due[part])

    @cached_property
    def reasons_differ(self) -> bool:
        """Whether a rejection, rightly made, names other guards; False when it names none."""
        if self.differing or self.vector.decision.allowed or "refusals" not in self.given:
            return False
        due = expected(self.vector.decision, None)["refusals"]
        return _reasons(self.given["refusals"]) != _reasons(due)

    @property
    def due(self) -> str:
        """What the answer had to be, in words."""
        return _words(expected(self.vector.decision, None))

    @property
    def words(self) -> str:
        """What the answer is, in words."""
        return f"error: {self.error}" if self.error is not None else _words(self.given)

    @property
    def why(self) -> str:
        """Why it had to be otherwise."""
        decision, clause = self.vector.decision, self.vector.clause
        return decision.reason or f"{decision.transition}: allowed{f' (section {clause})' if clause else ''}"


@dataclass
class Conformance:
    """A run of one implementation: all answers so far, and the fault that ended it, if one did.

    `policy` is the id of the policy that its vectors are of. When `strict`, a
    rejection has to name the right guards, too.
    """

    policy: str
    command: tuple[str, ...]
    strict: bool = False
    answers: list[Answer] = field(default_factory=list)
    fault: Fault | None = None
    seconds: float = 0.0

    def run(
        self, vectors: Iterable[Vector], *, timeout: float = 10.0, watch: Callable[[], None] = lambda: None
    ) -> Self:
        """Ask the implementation, and compare its answers. Afterwards it does not run any more.

        `timeout` is how many seconds it may take for one answer; `watch` is called
        after each. Raises OSError when the command cannot be started.
        """
        asked: deque[tuple[float, Vector]] = deque()
        started = monotonic()
        with Child(self.command, _questions(vectors, asked)) as child:
            self.fault = _Dialogue(self, child, asked, timeout, watch).hold()
        if child.failure is not None:
            raise child.failure
        self.fault = _shifted(self.answers) or self.fault
        self.seconds = monotonic() - started
        return self

    def __bool__(self) -> bool:
        # True when the implementation conforms.
        return self.fault is None and bool(self.answers) and not self.disagreements

    @property
    def disagreements(self) -> list[Answer]:
        """The answers that are not as expected; when strict, also those that reject for other reasons."""
        return [each for each in self.answers if each.differing or (self.strict and each.reasons_differ)]

    @property
    def summary(self) -> str:
        """The run in one line."""
        wrong, asked = len(self.disagreements), len(self.answers)
        if not asked:
            return f"no answer to compare with {self.policy}"
        text = f"{asked - wrong} of {asked} answers agree with {self.policy}"
        missing = [part for part in COMPARED if any(part not in each.given for each in self.answers if not each.error)]
        return f"{text}; not all answers hold {' and '.join(missing)}" if missing else text

    def as_json(self) -> dict[str, Any]:
        """The run for programs."""
        return {
            "policy": self.policy,
            "command": list(self.command),
            "conforms": bool(self),
            "answers": len(self.answers),
            "disagreements": [
                {
                    **each.vector.question,
                    "expected": expected(each.vector.decision, each.vector.clause),
                    "answer": {"error": each.error} if each.error is not None else dict(each.given),
                    "differing": list(each.differing or ("refusals",)),
                    "why": each.why,
                }
                for each in self.disagreements
            ],
            "fault": self.fault and {"kind": self.fault.kind.value, "problem": self.fault.problem},
        }


def _questions(vectors: Iterable[Vector], asked: deque[tuple[float, Vector]]) -> Iterator[bytes]:
    for vector in vectors:
        asked.append((monotonic(), vector))
        yield json.dumps(vector.question).encode() + b"\n"


@dataclass
class _Dialogue:
    """One run in progress."""

    run: Conformance
    child: Child
    asked: deque[tuple[float, Vector]]
    timeout: float
    watch: Callable[[], None]

    def hold(self) -> Fault | None:
        """Take answers until all are there, or something is wrong."""
        latest = monotonic()
        while not (self.child.is_asked.is_set() and not self.asked):
            try:
                line = self.child.take(min(self.timeout, _TURN))
            except Empty:
                since = max(latest, self.asked[0][0]) if self.asked else monotonic()
                if monotonic() - since > self.timeout:
                    return self._fault(FaultKind.HANGS, f"no answer within {self.timeout:g} seconds")
                continue
            if line is None:
                return self._ended()
            fault = self._read(line)
            if fault:
                return fault
            latest = monotonic()
            self.watch()
        return self._finish()

    def _read(self, line: bytes) -> Fault | None:
        """Note one answer."""
        try:
            given = _read(line)
        except ValueError as problem:
            return self._floods(line) or self._fault(FaultKind.RUBBISH, f"`{_quoted(line)}` is {problem}")
        if not self.asked:
            return self._surplus(line)
        vector = self.asked[0][1]
        if "id" in given and given["id"] != vector.id:
            other = shorten(str(given["id"]))
            return self._fault(FaultKind.OUT_OF_STEP, f"answers `{other}` when asked `{vector.id}`")
        self.asked.popleft()
        error = given.get("error")
        text = None if error is None else shorten(str(error.get("message") if isinstance(error, dict) else error), 200)
        self.run.answers.append(Answer(vector, given, text))
        return None

    def _finish(self) -> Fault | None:
        """All is answered: now the child has to end, and say no more."""
        grace = min(self.timeout, _GRACE)
        try:
            line = self.child.take(grace)
        except Empty:
            return self._fault(FaultKind.HANGS, f"still runs {grace:g} seconds after its last answer")
        return self._ended() if line is None else self._surplus(line)

    def _ended(self) -> Fault | None:
        """The output has ended: as it should, if all was asked and is answered."""
        grace = min(self.timeout, _GRACE)
        status = self.child.ended(grace)
        # Asking ends soon, too: all is asked, or nobody takes the questions any more.
        is_asked = self.child.is_asked.wait(grace)
        if is_asked and not self.asked:
            if status is None:
                return self._fault(FaultKind.HANGS, f"still runs {grace:g} seconds after its output has ended")
            return self._fault(FaultKind.DIES, f"{_ending(status)} after its last answer") if status else None
        if is_asked and status == 0 and self.run.answers:
            return self._fault(FaultKind.OUT_OF_STEP, f"leaves {len(self.asked)} questions unanswered")
        return self._fault(FaultKind.DIES, "ends its output" if status is None else _ending(status))

    def _surplus(self, line: bytes) -> Fault:
        """There is an answer, and nothing was asked."""
        return self._floods(line) or self._fault(
            FaultKind.OUT_OF_STEP, f"answers more than it is asked, next `{_quoted(line)}`"
        )

    def _floods(self, line: bytes) -> Fault | None:
        """Whether there is far more output than anybody has asked for."""
        first = _quoted(line)
        lines, until = 1, monotonic() + _GRACE
        while len(line) < LONGEST and lines <= len(self.asked) + MANY:
            try:
                following = self.child.take(min(_LOOK, until - monotonic()))
            except Empty:
                return None
            if following is None:
                return None
            line, lines = following, lines + 1
        unasked = f"more than {MANY} lines that nobody asked for"
        what = "a line without end" if len(line) >= LONGEST else unasked
        return self._fault(FaultKind.FLOODS, f"writes {what}, first `{first}`")

    def _fault(self, kind: FaultKind, problem: str) -> Fault:
        """A fault, with how far the child had come and what it says itself."""
        complaint = self.child.complaint
        said = f"; its last words: {shorten(complaint, 200)}" if complaint else ""
        return Fault(kind, f"{problem} ({len(self.run.answers)} answered){said}")


def _read(line: bytes) -> dict[str, Any]:
    """An answer of `fsm decide`. Raises ValueError for anything else."""
    answer = read_json(line)
    if not isinstance(answer, dict) or ("error" not in answer and not isinstance(answer.get("allowed"), bool)):
        raise ValueError("not an answer")
    return answer


def _reasons(refusals: object) -> object:
    """What refusals say, in whatever order."""
    try:
        return {(each["transition"], frozenset(each["failed"])) for each in refusals}  # type: ignore[attr-defined]
    except (TypeError, KeyError):
        return refusals


def _words(answer: Mapping[str, Any]) -> str:
    before, after, transition = (answer.get(part) for part in ("before", "after", "transition"))
    if answer["allowed"]:
        words = ["allowed", f"to {after}" if after is not None else "", f"({transition})" if transition else ""]
    else:
        words = ["rejected", f"but to {after}" if after != before else "", f"({transition})" if transition else ""]
    return shorten(" ".join(filter(None, words)), 200)


def _ending(status: int) -> str:
    if status >= 0:
        return f"ends with status {status}"
    try:
        return f"is ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"is ended by signal {-status}"


def _quoted(line: bytes) -> str:
    return shorten(line[:200].decode(errors="replace").strip())


def _shifted(answers: Sequence[Answer]) -> Fault | None:
    """Whether the answers do not fit, but would if all of them were taken some places earlier or later."""
    if not any(each.differing for each in answers):
        return None
    for shift in _SHIFTS:
        given = answers[shift:] if shift > 0 else answers[:shift]
        vectors = answers[:-shift] if shift > 0 else answers[-shift:]
        moved = [Answer(due.vector, said.given, said.error) for due, said in zip(vectors, given, strict=True)]
        if len(moved) >= _ENOUGH and not any(each.differing for each in moved):
            way = "late" if shift > 0 else "early"
            return Fault(FaultKind.OUT_OF_STEP, f"every answer comes {abs(shift)} {way}")
    return None


def to_junit(run: Conformance) -> bytes:
    """The run as the XML that test servers read."""
    wrong = {id(each) for each in run.disagreements}
    cases = []
    for each in run.answers:
        policy, action, cell = each.vector.id.split("/", 2)
        message = f"expected {each.due}, answered {each.words}" if id(each) in wrong else ""
        cases.append(junit.Case(f"{policy}.{action}", cell, message, each.why if message else ""))
    if run.fault:
        cases.append(junit.Case(run.policy, "the implementation", str(run.fault), error=run.fault.kind.value))
    return junit.to_junit(f"fsm conform {run.policy}", cases, run.seconds)
