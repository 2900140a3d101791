"""What tests have seen of a policy, and the plugin of pytest that tells."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import find

from fsm import MIMI, Action, DefinitionError, Domain, Participation, Room, load_policy
from fsm.bulk.write.synth import synthesise
from fsm.guards import guard
from fsm.log_reader import read_events
from fsm.machine import Machine
from fsm.matrix.policies import MATRIX_11
from fsm.matrix.room import MatrixRoom
from fsm.memory import Memory, memory_of
from fsm.mimi.permits import EventFacts, Kind
from fsm.policies import room_from_state
from fsm.render.explorer.page import to_page
from fsm.render.words.section import to_section
from fsm.review.compare.changes import steps
from fsm.review.compare.diff import diff
from fsm.review.compare.readings import readings
from fsm.review.coverage.drawing import draw
from fsm.review.coverage.seen import Coverage, Recorder, coverage, shown
from fsm.review.laws.verify import verify
from fsm.review.vectors.events import event_vectors
from fsm.review.vectors.suite import covering_vectors, every_vector, paths
from fsm.testing import events_of, facts, facts_of, histories_of, room
from fsm.unrecorded import unrecorded

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation
DAY = Path(__file__).parents[2] / "examples" / "day.jsonl"
ANN, BOB = "@ann:a.example", "@bob:b.example"


def test_what_a_question_shows() -> None:
    seen = coverage(MIMI, [("leave", facts(target=JOIN, may_kick=True))])
    assert seen.rows["kick"].fired == {"join": False}
    assert {name for name, was_seen in seen.rows["kick"].outcomes.items() if was_seen} == {
        "sender_is_another true",
        "sender_is_joined true",
        "sender_may_kick true",
        "sender_outranks_for_kick false",
    }
    assert seen.rows["leave"].outcomes == {"sender_is_target true": False, "sender_is_target false": True}
    assert not any(seen.rows["ban"].parts)


def test_a_transition_fires_from_each_of_its_states() -> None:
    asked = [("ban", facts(target=state, may_ban=True, outranks_for_ban=True)) for state in (LEAVE, KNOCK)]
    assert coverage(MIMI, asked).rows["ban"].fired == {"invite": False, "join": False, "leave": True, "knock": True}


def test_asking_everything_shows_everything() -> None:
    asked = [
        ((rule.id,), facts) for rules in MIMI.rules_beside.values() for rule in rules for facts in Domain(EventFacts)
    ]
    whole = coverage(MIMI, MIMI.cells(), asked)
    assert whole.percent == 100
    assert "missing" in next(whole.lines())
    assert not [line for line in list(whole.lines())[1:-1] if "true" in line or "from" in line]
    assert list(whole.lines())[-1] == "mimi: 100 % seen"


def test_what_cannot_happen_need_not_be_seen() -> None:
    odd = MIMI.evolve(
        "odd", replace=[row for row in MIMI.transitions if row.id == "leave"], domain=MIMI.domain.given(is_self=True)
    )
    row = coverage(odd, ()).rows["kick"]
    assert row.fired == {}
    assert set(row.outcomes) >= {"sender_is_another false"}
    assert "sender_is_another true" not in row.outcomes


# The rules beside the table.


def test_vectors_of_events_show_all_of_the_rules_beside_the_table() -> None:
    for policy in (MIMI, MATRIX_11):
        vectors, _ = event_vectors(policy)
        with Recorder() as recorder:
            for vector in vectors:
                room_from_state(policy, [*vector.state]).decide_citing(vector.event, vector.events)
        seen = recorder.coverage(policy)
        unseen = {(name, part) for name, row in seen.rules.items() for part, was in row.outcomes.items() if not was}
        assert not unseen
        assert all(all(row.fired.values()) for row in seen.rules.values())
        assert Coverage.from_json(seen.as_json()) == seen == seen.merged(coverage(policy, ()))


def test_a_rule_beside_the_table_is_seen_where_it_is_asked() -> None:
    room = Room.create("!r:a.example", ANN)
    said = {"type": "m.message", "sender": ANN, "content": {}}
    for _ in range(2):  # what is remembered is recorded all the same
        with Recorder() as recorder:
            assert room.decide(said)
            assert not room.decide({**said, "sender": BOB})
        seen = recorder.coverage(MIMI)
        assert seen.rules["message: message"].fired == {"message": True}
        assert {name for name, was_seen in seen.rules["message: message"].outcomes.items() if was_seen} == {
            "sender_is_joined true",
            "sender_is_joined false",
            "message_is_not_denied true",
            "type_is_not_denied true",
        }
        assert not any(any(row.parts) for name, row in seen.rules.items() if name != "message: message")
        (line,) = [line for line in seen.lines() if line.startswith("message: message ")]
        assert line.split(maxsplit=4)[2:] == ["1/1", "4/6", "message_is_not_denied false, type_is_not_denied false"]


def test_state_and_messages_of_matrix_are_seen_and_what_every_change_is_asked() -> None:
    room = MatrixRoom.create("!r:a.example", ANN, policy=MATRIX_11)
    with Recorder() as recorder:
        room.decide({"type": "m.room.topic", "state_key": "", "sender": ANN, "content": {}})
        room.decide({"type": "m.room.message", "sender": BOB, "content": {}})
        room.decide_action(Action.INVITE, ANN, BOB)
    rules = recorder.coverage(MATRIX_11).rules
    assert {name for name, row in rules.items() if any(row.fired.values())} == {"state: state", "member: event"}
    assert rules["message: message"].outcomes["sender_is_joined false"]


def test_what_never_permits_need_not_be_seen() -> None:
    @guard("nobody may", fails="nobody may")
    def nobody_may(_: EventFacts) -> bool:
        """Never."""
        return False

    (message,) = MIMI.permits[Kind.MESSAGE]
    dead = replace(message, guards=(*message.guards, nobody_may))
    policy = MIMI.evolve("dead", permits={**MIMI.permits, Kind.MESSAGE: (dead,)})
    row = coverage(policy, ()).rules["message: message"]
    assert row.fired == {}
    assert "nobody_may true" not in row.outcomes
    assert row.outcomes["nobody_may false"] is False


def test_what_is_remembered_is_recorded_all_the_same() -> None:
    room = Room.create("!r:a.example", ANN)
    assert room.decide_action(Action.INVITE, ANN, BOB)  # now the memory knows
    with Recorder() as recorder:
        assert room.decide_action(Action.INVITE, ANN, BOB)
    assert recorder.coverage(MIMI).rows["invite"].fired == {"leave": True}
    assert recorder.policies == (MIMI,)


def test_asking_the_machine_itself_is_recorded() -> None:
    with Recorder() as recorder:
        memory_of(MIMI).machine.decide(Action.JOIN, facts(target=INVITE, is_self=True))
    assert recorder.coverage(MIMI).rows["accept"].fired == {"invite": True}


# A run of these very tests may itself be recorded.
BEFORE = vars(Memory).get("__getitem__"), Machine.decide


def test_nothing_is_in_the_way_when_nobody_records() -> None:
    with Recorder():
        assert vars(Memory)["__getitem__"] is not BEFORE[0]
    assert (vars(Memory).get("__getitem__"), Machine.decide) == BEFORE
    with pytest.raises(ZeroDivisionError), Recorder():
        raise ZeroDivisionError
    assert (vars(Memory).get("__getitem__"), Machine.decide) == BEFORE


def test_recorders_inside_one_another() -> None:
    with Recorder() as outer:
        with Recorder() as inner:
            memory_of(MIMI).machine.decide(Action.JOIN, facts(target=INVITE, is_self=True))
        memory_of(MIMI).machine.decide(Action.JOIN, facts(target=JOIN, is_self=True))
    assert [row for row, seen in inner.coverage(MIMI).rows.items() if any(seen.fired.values())] == ["accept"]
    assert [row for row, seen in outer.coverage(MIMI).rows.items() if any(seen.fired.values())] == ["accept", "rejoin"]


def test_nothing_is_recorded_before_or_after() -> None:
    room = Room.create("!r:a.example", ANN)
    with Recorder() as recorder:
        pass
    room.decide_action(Action.INVITE, ANN, BOB)
    assert recorder.policies == ()
    assert recorder.coverage(MIMI).percent == 0


# What a tool asks on its own account. Each is called anew, whatever is remembered from other tests.
QUIET = MIMI.evolve("quiet", drop=["knock"])
TOOLS: dict[str, Callable[[], object]] = {
    "room": lambda: room(QUIET, target="leave", is_self=True, join_rule="public").event("join"),
    "facts_of": lambda: find(facts_of(QUIET), lambda _: True),
    "events_of": lambda: find(events_of(QUIET), lambda _: True),
    "histories_of": lambda: find(histories_of(QUIET), lambda log: len(log) > 5),
    "verify": lambda: verify(QUIET, rooms=5),
    "diff": lambda: diff(MIMI, QUIET),
    "readings": lambda: readings(load_policy("mimi-00"), MIMI),
    "steps": lambda: steps((load_policy("mimi-00"), MIMI)),
    "event_vectors": lambda: event_vectors(QUIET.evolve("quiet-events")),
    "covering_vectors": lambda: covering_vectors(QUIET),
    "every_vector": lambda: list(islice(every_vector(QUIET), 20)),
    "paths": lambda: paths(QUIET),
    "explorer": lambda: to_page(QUIET, log=read_events(io.BytesIO(DAY.read_bytes()), QUIET)),
    "coverage": lambda: draw(QUIET, coverage(QUIET, [])),
    "spec": lambda: to_section(QUIET),
    "synth": lambda: next(synthesise(QUIET, events=100, rooms=3, users=9)),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_asks_is_not_recorded(tool: str) -> None:
    with Recorder() as recorder:
        TOOLS[tool]()
    assert recorder.policies == ()


def test_what_is_asked_of_what_a_tool_has_built_is_recorded() -> None:
    with Recorder() as recorder:
        assert room(QUIET, target="leave", is_self=True, join_rule="public").ask("join")
    assert [name for name, row in recorder.coverage(QUIET).rows.items() if any(row.fired.values())] == ["join"]


def test_a_tool_at_work_hides_nothing_in_another_thread() -> None:
    with Recorder() as recorder, unrecorded(), ThreadPoolExecutor(1) as pool:
        pool.submit(memory_of(MIMI).machine.decide, Action.JOIN, facts(target=INVITE, is_self=True)).result()
    assert recorder.policies == (MIMI,)


def test_a_tool_that_fails_hides_nothing_afterwards() -> None:
    with Recorder() as recorder:
        with pytest.raises(DefinitionError, match="no room can come to these facts"):
            room(is_self=True, outranks_for_ban=True)
        memory_of(MIMI).machine.decide(Action.JOIN, facts(target=INVITE, is_self=True))
    assert recorder.policies == (MIMI,)


def test_a_recorder_goes_on_where_it_stopped() -> None:
    recorder = Recorder()
    for target in (INVITE, JOIN):
        with recorder:
            memory_of(MIMI).machine.decide(Action.JOIN, facts(target=target, is_self=True))
        memory_of(MIMI).machine.decide(Action.KNOCK, facts(target=LEAVE, is_self=True))
    assert [row for row, seen in recorder.coverage(MIMI).rows.items() if any(seen.parts)] == ["accept", "rejoin"]


def test_an_unknown_action_is_still_an_error() -> None:
    with Recorder(), pytest.raises(KeyError):
        memory_of(MIMI)["dance", LEAVE, LEAVE, 0]


def test_two_runs_are_merged() -> None:
    one = coverage(MIMI, [("join", facts(target=INVITE, is_self=True))])
    other = coverage(MIMI, [("join", facts(target=INVITE))])
    both = one.merged(Coverage.from_json(other.as_json()))
    assert both.rows["accept"].parts == (True, True, True)
    assert both.percent == pytest.approx(one.percent + other.percent)


@pytest.mark.parametrize(
    ("percent", "words"), [(100.0, "100"), (99.96, "99.9"), (0.0, "0"), (14.74, "14.7"), (50.0, "50")]
)
def test_a_hundred_percent_is_said_only_of_all(percent: float, words: str) -> None:
    assert shown(percent) == words


def test_a_picture_marks_what_never_fired() -> None:
    seen = coverage(
        MIMI, [("ban", facts(target=LEAVE, may_ban=True, outranks_for_ban=True)), ("join", facts(is_self=True))]
    )
    root = ET.fromstring(draw(MIMI, seen))  # noqa: S314 - our own
    classes = {
        group.get("id", ""): group.get("class", "").split() for group in root.iter("{http://www.w3.org/2000/svg}g")
    }
    assert "unfired" not in classes["ban-leave"]
    assert "unfired" not in classes["rejoin-join"]
    for edge in ("ban-join", "ban-knock", "kick-join", "reknock-knock", "join-leave"):
        assert "unfired" in classes[edge], edge
    assert f"mimi: {shown(seen.percent)} % seen" in "".join(root.itertext())


# The plugin, in runs of its own.

TESTS = """
import pytest
from fsm import Room

@pytest.mark.parametrize("number", range(4))
def test_room(number):
    room = Room.create("!r:a.example", "@ann:a.example")
    bob = room.participant("@bob:b.example")
    if number == 0:
        assert bob.invite(by="@ann:a.example")
        assert bob.join()
    elif number == 1:
        assert bob.ban(by="@ann:a.example")
    elif number == 2:
        assert not bob.join()
    else:
        assert not bob.invite(by="@carol:c.example")
"""


@dataclass(frozen=True)
class Run:
    status: int
    out: str


def run_pytest(directory: Path, *options: str, tests: str = TESTS) -> Run:
    (directory / "test_room.py").write_text(tests, encoding="utf-8")
    (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    # Without the plugins that others have installed, and with ours whether it is installed or not.
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "fsm.review.pytest_plugin",
        "-p",
        "xdist",
        "-p",
        "no:cacheprovider",
        *options,
    ]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    return Run(done.returncode, done.stdout + done.stderr)


def test_the_plugin_is_silent_unless_asked(tmp_path: Path) -> None:
    run = run_pytest(tmp_path)
    assert run.status == 0
    assert "coverage" not in run.out


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_plugin_prints_a_table(tmp_path: Path, options: tuple[str, ...]) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage", *options)
    assert run.status == 0, run.out
    assert "coverage of policies" in run.out
    lines = [line.split() for line in run.out.splitlines()]
    assert ["invite", "1/1", "4/4"] in lines
    assert ["accept", "1/1", "1/2", "sender_is_target", "false"] in lines
    assert ["kick", "0/1", "0/8", "all"] in lines
    assert run.out.count("% seen") == 1


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_too_little_fails_the_run(tmp_path: Path, options: tuple[str, ...]) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage-min=50", *options)
    assert run.status == 1, run.out
    assert "mimi: 10.6 % seen, 50 % is the least" in run.out


def test_enough_does_not(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, "--fsm-coverage-min=10").status == 0


def test_a_policy_that_nobody_asks_is_seen_not_at_all(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage-policy=mimi-00", "--fsm-coverage-min=1")
    assert run.status == 1
    assert "mimi-00: 0 % seen, 1 % is the least" in run.out
    assert "mimi: " not in run.out


# Tests that assert nothing, and ask nothing themselves.
HOLLOW = {
    "a builder": "from fsm.testing import room\ndef test(): room(target='leave', is_self=True, join_rule='public')",
    "a proof": "from fsm import MIMI\nfrom fsm.review.laws.verify import verify\ndef test(): verify(MIMI, rooms=5)",
    "asked while collecting": "from fsm import MIMI\nfrom fsm.testing import assert_allowed, facts\nassert_allowed(MIMI, 'join', facts(is_self=True))\ndef test(): pass",
    "nothing": "def test(): pass",
}


@pytest.mark.parametrize("tests", HOLLOW.values(), ids=list(HOLLOW))
def test_a_hollow_test_fails_the_run(tmp_path: Path, tests: str) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage-min=1", tests=tests)
    assert run.status == 1, run.out
    assert "no policy has been asked anything, 1 % is the least" in run.out


def test_a_hollow_test_fails_the_run_of_several_processes(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage-min=1", "-n", "2", tests=HOLLOW["a builder"])
    assert run.status == 1, run.out


def test_fixtures_are_part_of_a_test(tmp_path: Path) -> None:
    tests = "import pytest\nfrom fsm import MIMI\nfrom fsm.testing import assert_allowed, facts\n@pytest.fixture\ndef joined(): assert_allowed(MIMI, 'join', facts(is_self=True))\ndef test(joined): pass"
    assert run_pytest(tmp_path, "--fsm-coverage-min=1", tests=tests).status == 0


@pytest.mark.parametrize("word", ["nan", "100.1", "all"])
def test_a_least_part_is_a_percentage(tmp_path: Path, word: str) -> None:
    run = run_pytest(tmp_path, f"--fsm-coverage-min={word}")
    assert run.status == 4, run.out
    assert "--fsm-coverage-min" in run.out


def test_other_failures_stay_what_they_are(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage-min=1", tests="1 / 0")
    assert run.status == 2
    assert "no policy has been asked anything" in run.out


def test_another_policy_of_the_same_id_does_not_count(tmp_path: Path) -> None:
    tests = "from fsm import MIMI, Room\ndef test(): Room.create('!r', '@a', policy=MIMI.evolve('mimi', drop=['unban'])).participant('@b').ban(by='@a')"
    run = run_pytest(tmp_path, "--fsm-coverage-policy=mimi", tests=tests)
    assert "mimi: 0 % seen" in run.out
    assert run.out.count("% seen") == 1


def test_a_policy_that_does_not_exist(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage-policy=nobody")
    assert run.status == 4
    assert "ERROR: unknown policy `nobody`" in run.out


def test_a_drawing_is_written(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "--fsm-coverage-drawing=pictures", "-n", "2")
    assert run.status == 0, run.out
    assert b"unfired" in (tmp_path / "pictures" / "mimi.svg").read_bytes()
    assert "drawn: pictures" in run.out


def test_a_drawing_that_cannot_be_made_fails_the_run(tmp_path: Path) -> None:
    tests = "from fsm.render.layout import engine\nengine.find_spec = engine.which = lambda name: None\n" + TESTS
    run = run_pytest(tmp_path, "--fsm-coverage-drawing=pictures", tests=tests)
    assert run.status == 1, run.out
    assert "mimi is not drawn: to draw `svg` needs Graphviz: pip install 'mimi-fsm[render]'" in run.out
