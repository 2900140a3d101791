"""`fsm.review.vectors.suite`: vectors that any implementation can run, and that let no slip pass."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import combinations, islice, product, takewhile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fsm import MIMI, Decision, Participation, load_policy
from fsm.cli import run
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.matrix.policies import MatrixPolicy
from fsm.mimi import kept, roles
from fsm.mimi.permissions import BAN as ROLE_BAN
from fsm.mimi.permissions import KICK, Assignment
from fsm.mimi.roles import Power, Resolved, Roles, Row, Standing
from fsm.participation.facts import Facts
from fsm.participation.guards import sender_is_another, sender_is_joined, sender_is_target
from fsm.policies import CATALOGUE, new_room, room_from_state
from fsm.policy import Policy, Transition
from fsm.review.errors import ReviewError
from fsm.review.search.play import play_of
from fsm.review.search.witness import witness
from fsm.review.vectors import suite as module
from fsm.review.vectors.suite import (
    SCHEMA,
    Vector,
    Walk,
    covering_vectors,
    every_vector,
    paths,
    state_of,
    to_lines,
)
from tests.builders import label, one_line

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation

COMMITTED = Path(__file__).parent.parent.parent / "vectors"
POLICIES: list[AnyPolicy] = [
    policy for policy in map(load_policy, CATALOGUE) if play_of(policy) and not policy.has_stock_rows
]
MINE = [MIMI, load_policy("mimi-00")]

SCHEMA_OF_LINES = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def cover(policy: AnyPolicy) -> tuple[Vector, ...]:
    return covering_vectors(policy)[0]


def asked(vector: Vector) -> Decision:
    """What a room made from the vector's state answers."""
    return room_from_state(
        MIMI if vector.id.startswith("mimi/") else load_policy("mimi-00"), list(vector.state)
    ).decide(vector.event)


@pytest.mark.parametrize("policy", MINE, ids=label)
def test_a_room_answers_as_the_vector_expects(policy: AnyPolicy) -> None:
    for vector in cover(policy):
        assert asked(vector) == vector.decision


def test_every_cell_that_a_room_can_reach_has_a_vector() -> None:
    # Of one action, to be quick: the actions come one after the other.
    found = list(takewhile(lambda vector: vector.id.startswith("mimi/invite/"), every_vector(MIMI)))
    assert len({vector.id for vector in found}) == len(found) == sum(map(reachable, MIMI.domain))
    assert {cell(vector) for vector in cover(MIMI) if "/invite/" in vector.id} <= {vector.id for vector in found}
    for vector in islice(found, 0, None, 7):
        assert asked(vector) == vector.decision
        assert dict(vector.facts) == json_facts(vector)


def cell(vector: Vector) -> str:
    return vector.id.partition("/corner/")[0]


def test_what_no_row_answers_has_vectors_too() -> None:
    silent = MIMI.evolve("silent", drop=["knock", "reknock"])
    asked_for = {vector.event["content"]["participation"] for vector in covering_vectors(silent)[0]}
    assert asked_for == set(Participation)


def json_facts(vector: Vector) -> dict[str, Value]:
    facts = room_from_state(MIMI, list(vector.state)).facts(vector.event["sender"], vector.event["state_key"])  # type: ignore[attr-defined]
    return {name: getattr(facts, name) for name in MIMI.domain.values}


def test_vectors_for_every_cell_come_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(*question: Any) -> Any:
        nonlocal calls
        calls += 1
        return witness(*question)

    monkeypatch.setattr(module, "witness", counted)
    assert next(every_vector(MIMI)).id == "mimi/invite/00000"
    assert calls == 1


# Modified condition/decision coverage.


def facts_of(vector: Vector) -> Facts:
    values: dict[str, Any] = dict(vector.facts)
    return MIMI.domain.record(**values)


def outcome(row: Transition[Any], vector: Vector) -> tuple[bool, ...]:
    facts = facts_of(vector)
    return tuple(guard(facts) for guard in row.guards)


@pytest.mark.parametrize("row", MIMI.transitions, ids=lambda row: row.id)
def test_every_transition_fires_from_every_state(row: Transition[Any]) -> None:
    fired = {vector.decision.before for vector in cover(MIMI) if vector.decision.transition == row.id}
    assert fired == row.source


NEVER_ALONE = {("kick", sender_is_another), ("ban", sender_is_another)}
"""Nobody outranks themselves: where only this guard fails, no room is."""


@pytest.mark.parametrize(
    ("row", "guard"), [(row, guard) for row in MIMI.transitions for guard in row.guards], ids=label
)
def test_a_pair_shows_that_a_guard_alone_decides(row: Transition[Any], guard: Guard[Any]) -> None:
    by_id = {vector.id: vector for vector in cover(MIMI)}
    pairs = [
        (vector, by_id[shown.beside])
        for vector in cover(MIMI)
        for shown in vector.shows
        if (shown.transition, shown.guard) == (row.id, guard.name) and shown.beside
    ]
    assert bool(pairs) is ((row.id, guard) not in NEVER_ALONE)
    for apart, firing in pairs:
        assert firing.decision.transition == row.id
        assert not apart.decision.allowed
        assert all(outcome(row, firing))
        assert outcome(row, apart) == tuple(other is not guard for other in row.guards)
        assert apart.decision.before in row.source


def test_what_cannot_be_shown_is_said() -> None:
    assert set(covering_vectors(MIMI)[1]) == {(row, guard.name) for row, guard in NEVER_ALONE}


def test_the_set_is_small() -> None:
    assert len(cover(MIMI)) < sum(1 for _ in MIMI.cells()) / 45


# Slips, made here a second time and told apart by asking real policies.


def slips(policy: Policy[Facts]) -> Iterator[tuple[str, AnyPolicy]]:
    """Policies with a single slip."""
    for row in policy.transitions:
        yield f"without {row.id}", policy.evolve("slip", drop=[row.id])
        for words, slip in row_slips(policy, row):
            yield f"{row.id} {words}", policy.evolve("slip", replace=[slip])
    for state in Participation:
        for action in Participation:
            for guard in (sender_is_target, sender_is_another, sender_is_joined):
                extra = Transition("extra", action, {state}, action, (guard,))
                yield f"also {action} from {state} if {guard}", policy.evolve("slip", add=[extra])


def row_slips(policy: Policy[Facts], row: Transition[Facts]) -> Iterator[tuple[str, Transition[Facts]]]:
    for place, guard in enumerate(row.guards):
        rest = [other for other in row.guards if other is not guard]
        yield f"without {guard}", replace(row, guards=tuple(rest))
        turned = Guard(lambda facts, guard=guard: not guard(facts), "", "")  # type: ignore[misc]
        yield f"with {guard} turned round", replace(row, guards=(*rest, turned))
        for other in policy.guards:
            if other not in row.guards:
                swapped = (*row.guards[:place], other, *row.guards[place + 1 :])
                yield f"with {other} for {guard}", replace(row, guards=swapped)
    for other in policy.guards:
        yield f"with {other} too", replace(row, guards=(*row.guards, other))
    for state in Participation:
        if state in row.source and len(row.source) > 1:
            yield f"not from {state}", replace(row, source=row.source - {state})
        elif state not in row.source:
            yield f"from {state} too", replace(row, source=row.source | {state})
        if state is not row.dest:
            yield f"to {state}", replace(row, dest=state)
        if state is not row.trigger:
            yield f"by {state}", replace(row, trigger=state)


def decided(policy: AnyPolicy, action: str, facts: Any) -> tuple[str, object] | None:
    for row in policy.candidates(action, facts.target):
        if row.permits(facts):
            return row.id, row.leads_to(facts).value
    return None


def is_killed(slip: AnyPolicy, vector: Vector) -> bool:
    facts = facts_of(vector)
    action = vector.event["content"]["participation"]
    expected = (vector.decision.transition, vector.decision.after) if vector.decision.allowed else None
    return decided(slip, action, facts) != expected


def reachable(facts: Facts) -> bool:
    return not (facts.is_self and (facts.outranks_for_kick or facts.outranks_for_ban))


@pytest.mark.parametrize(("policy", "step"), [(MIMI, 1), (MINE[1], 5)], ids=label)
def test_every_slip_that_changes_a_verdict_is_found(policy: AnyPolicy, step: int) -> None:
    count = 0
    for words, slip in islice(slips(policy), 0, None, step):
        count += 1
        if not any(is_killed(slip, vector) for vector in cover(policy)):
            # Then it must be no slip at all: every question that a room can be asked is answered the same.
            different = [
                facts
                for action, facts in policy.cells()
                if reachable(facts) and decided(slip, action, facts) != decided(policy, action, facts)
            ]
            assert not different, f"{words}: {different[0]}"
    assert count * step > 500


@pytest.mark.parametrize("state", Participation)
def test_a_row_too_many_is_found_whatever_it_asks_for(state: Participation) -> None:
    rows = (row.guards for row in MIMI.transitions)
    conditions = {(), *combinations(MIMI.guards, 1), *combinations(MIMI.guards, 2), *rows}
    for action in Participation:
        asked = [facts for facts in MIMI.asked(action) if facts.target is state and reachable(facts)]
        rejected = [facts for facts in asked if decided(MIMI, action, facts) is None]
        tried = [facts_of(each) for each in cover(MIMI) if each.event["content"]["participation"] == action]
        met = [facts for facts in rejected if facts in tried]
        for guards in conditions:
            if any(all(guard(facts) for guard in guards) for facts in rejected):
                assert any(all(guard(facts) for guard in guards) for facts in met), f"{action} from {state} if {guards}"


@pytest.mark.parametrize("number", range(3))
def test_slips_show_in_whole_rooms(number: int) -> None:
    for words, slip in islice(slips(MIMI), number * 11, None, 3 * 11):
        by_cells = {vector.id for vector in cover(MIMI) if is_killed(slip, vector)}
        by_rooms = set()
        for vector in cover(MIMI):
            decision = room_from_state(slip, list(vector.state)).decide(vector.event)
            due = vector.decision
            if (decision.allowed, decision.transition, decision.after) != (due.allowed, due.transition, due.after):
                by_rooms.add(vector.id)
        assert by_rooms == by_cells, words


VALUES = [(name, value) for name, values in MIMI.domain.values.items() for value in values]


@pytest.mark.parametrize("row", MIMI.transitions, ids=lambda row: row.id)
def test_a_guard_that_something_gets_around_is_found(row: Transition[Facts]) -> None:
    for guard, (name, value) in product(row.guards, VALUES):

        def weak(facts: Facts, guard: Guard[Facts] = guard, name: str = name, value: Value = value) -> bool:
            return guard(facts) or getattr(facts, name) is value

        guards = tuple(Guard(weak, "", "") if each is guard else each for each in row.guards)
        slip = MIMI.evolve("weak", replace=[replace(row, guards=guards)])
        if not any(is_killed(slip, vector) for vector in cover(MIMI)):
            asked = ((action, facts) for action, facts in MIMI.cells() if action is row.trigger and reachable(facts))
            assert all(decided(slip, *each) == decided(MIMI, *each) for each in asked), f"{guard}, or {name} is {value}"


@pytest.mark.parametrize("state", Participation)
def test_no_fact_alone_permits_what_no_row_permits(state: Participation) -> None:
    asked = [
        (vector.event["content"]["participation"], vector) for vector in cover(MIMI) if not vector.decision.allowed
    ]
    tried = {
        (action, name, value)
        for action, vector in asked
        for name, value in vector.facts.items()
        if vector.facts["target"] is state
    }
    possible = {
        (action.value, name, getattr(facts, name))
        for action, facts in MIMI.cells()
        if facts.target is state and reachable(facts) and decided(MIMI, action, facts) is None
        for name, _ in VALUES
    }
    assert possible == tried


# Rooms that are misread, which no cell shows.


def answers(policy: AnyPolicy) -> list[bool]:
    return [room_from_state(policy, list(vector.state)).decide(vector.event).allowed for vector in cover(MIMI)]


def lowest_power(roles: Roles, entries: Sequence[Row]) -> Standing:
    standing = resolve(roles, entries)
    return replace(standing, powers=dict.fromkeys(standing.powers, entries[0].order))


def power_by_order(roles: Roles, entries: Sequence[Row]) -> Standing:
    standing = resolve(roles, entries)
    return replace(standing, powers=dict.fromkeys((KICK, ROLE_BAN), standing.order))


def no_is_final(roles: Roles, entries: Sequence[Row]) -> Standing:
    standing = resolve(roles, entries)
    denied = {
        flag for entry in entries for flag, granted in roles.defined.get(entry.role_id, {}).items() if not granted
    }
    return replace(standing, granted=standing.granted - denied, denied=standing.denied | denied)


def highest_alone(roles: Roles, entries: Sequence[Row]) -> Standing:
    return resolve(roles, entries[-1:])


def power_only_if_permitted(roles: Roles, entries: Sequence[Row]) -> Standing:
    standing = resolve(roles, entries)
    return replace(standing, powers={flag: power for flag, power in standing.powers.items() if standing.may(flag)})


def with_orders(roles: Roles, orders: Callable[[tuple[Assignment, ...]], Iterable[Assignment]]) -> Resolved:
    assigned = tuple(entry._replace(order=place) for place, entry in enumerate(orders(roles.assigned)))
    return resolved(roles.assign(assigned))


def power_by_place(roles: Roles) -> Resolved:
    return with_orders(roles, tuple)


def power_by_text(roles: Roles) -> Resolved:
    return with_orders(roles, lambda assigned: sorted(assigned, key=lambda each: str(each.order)))


def any_map_ends_the_reign(roles: Roles, assigned: Sequence[Assignment]) -> Roles:
    return assign(roles, assigned)._replace(reigning=False)


resolve, assign = Roles.resolve, Roles.assign
resolved: Callable[[Roles], Resolved] = vars(Roles)["resolved"].fget

# fmt: off
MISREADINGS = {
    "a no gives power":            (MIMI.evolve("misread", power=Power.SET), None, {}),
    "the lowest role counts":      (MIMI.evolve("misread"), Roles, {"resolve": lowest_power}),
    "a role's order is power":     (MIMI.evolve("misread"), Roles, {"resolve": power_by_order}),
    "a no is never taken back":   (MIMI.evolve("misread"), Roles, {"resolve": no_is_final}),
    "the highest role is all":    (MIMI.evolve("misread"), Roles, {"resolve": highest_alone}),
    "power only where permitted": (MIMI.evolve("misread"), Roles, {"resolve": power_only_if_permitted}),
    "the place in the map":       (MIMI.evolve("misread"), Roles, {"resolved": property(power_by_place)}),
    "orders are texts":           (MIMI.evolve("misread"), Roles, {"resolved": property(power_by_text)}),
    "one event of two is known":  (MIMI.evolve("misread", participation_events={"m.user"}), None, {}),
    "any role map ends the reign": (MIMI.evolve("misread"), Roles, {"assign": any_map_ends_the_reign}),
}
# fmt: on


@pytest.mark.parametrize(("policy", "place", "changes"), MISREADINGS.values(), ids=MISREADINGS)
def test_a_room_that_is_misread_is_found(
    policy: AnyPolicy, place: Any, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = [vector.decision.allowed for vector in cover(MIMI)]
    assert answers(MIMI) == right
    for name, value in changes.items():
        monkeypatch.setattr(place, name, value)
    monkeypatch.setattr(kept, "MOST_PARTS", -1)  # rooms that are misread share nothing with others
    for values in vars(roles).values():
        if isinstance(values, kept.Kept):
            values.clear()
    assert answers(policy) != right


def test_corner_cases_are_asked_under_every_policy() -> None:
    for policy in POLICIES:
        lines = (COMMITTED / f"{policy.id}.jsonl").read_text(encoding="utf-8").splitlines()
        play = play_of(policy)
        assert play is not None
        asked = {line["id"].partition("/corner/")[2] for line in map(json.loads, lines)}
        assert asked == {"", *map(str, range(1, len(play.corner_cases) + 1))}


# Paths.


@pytest.mark.parametrize("policy", MINE, ids=label)
def test_paths_take_every_transition_from_every_state(policy: AnyPolicy) -> None:
    taken = set()
    for walk in paths(policy):
        room = new_room(policy)
        for event, decision in zip(walk.events, walk.decisions, strict=True):
            assert room.send(event) == decision
            assert decision.allowed
            taken.add((decision.transition, decision.before))
    assert taken >= {(row.id, state) for row in policy.transitions for state in row.source}


def test_the_steps_of_a_path_are_vectors() -> None:
    for walk in paths(MIMI):
        for vector in walk.vectors():
            assert asked(vector) == vector.decision


def test_state_is_what_was_said_last() -> None:
    log = (
        {"type": "a", "state_key": "", "content": {"n": 1}},
        {"type": "b", "state_key": "", "content": {}},
        {"type": "message", "content": {}},
        {"type": "a", "state_key": "", "content": {"n": 2}},
    )
    assert state_of(log) == (log[1], log[3])


# Files.


LONG = [file for file in COMMITTED.glob("matrix-*.events.jsonl") if "matrix-12" not in file.name]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, marks=pytest.mark.long) if file in LONG else file
        for file in sorted(COMMITTED.glob("*.jsonl"))
    ],
    ids=lambda file: file.name,
)
def test_committed_files_keep_to_the_schema(file: Path) -> None:
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        SCHEMA_OF_LINES.validate(line)
    ids = [line["id"] for line in lines]
    assert ids
    assert len(set(ids)) == len(ids)


NAMES = {"id", "title", "source", "version"}
"""The fields of a policy that say nothing about what it decides."""


def twin(policy: AnyPolicy) -> AnyPolicy | None:
    """The first policy before it that decides the same and gives the same reasons."""
    rules = {item.name for item in fields(policy)} - NAMES
    earlier = takewhile(lambda other: other is not policy, POLICIES)
    alike = (other for other in earlier if type(other) is type(policy))
    return next((each for each in alike if all(getattr(each, name) == getattr(policy, name) for name in rules)), None)


def files(policy: AnyPolicy) -> tuple[Path, ...]:
    endings = ("jsonl", "paths.jsonl", *(["events.jsonl"] if policy.rules_beside else []))
    return tuple(COMMITTED / f"{policy.id}.{ending}" for ending in endings)


ALIKE = [policy for policy in POLICIES if twin(policy)]


def test_which_room_versions_decide_alike() -> None:
    assert [policy.version for policy in ALIKE if isinstance(policy, MatrixPolicy)] == ["2", "4", "5", "9"]
    assert len(ALIKE) == 4


# To find the vectors anew takes long: `make vectors-check` does.
@pytest.mark.parametrize("policy", POLICIES, ids=label)
def test_committed_vectors_are_what_the_policy_says(policy: AnyPolicy) -> None:
    vectors, walks = (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files(policy)[:2]
    )
    steps = [
        {"state": list(state_of(tuple(each["event"] for each in walk["steps"][:number]))), **step}
        for walk in walks
        for number, step in enumerate(walk["steps"])
    ]
    for line in (*vectors, *steps):
        due = {name: value for name, value in line["expected"].items() if name != "clause"}
        answer = room_from_state(policy, line["state"]).decide(line["event"]).as_json("")
        assert {name: answer[name] for name in due} == due


@pytest.mark.parametrize("policy", ALIKE, ids=label)
def test_committed_files_of_policies_that_decide_alike_differ_in_names(policy: Any) -> None:
    first: Any = twin(policy)
    for file, other in zip(files(policy), files(first), strict=True):
        text = other.read_text(encoding="utf-8").replace(f"{first.id}/", f"{policy.id}/")
        old, new = (f'"room_version": "{each.version}"' for each in (first, policy))
        assert file.read_text(encoding="utf-8") == text.replace(old, new)


def test_there_are_no_other_files() -> None:
    assert set(COMMITTED.glob("*.jsonl")) == {file for policy in POLICIES for file in files(policy)}


def test_files_that_are_out_of_date_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["vectors", "--into", str(tmp_path), "mimi-00", "--check"]) == 1
    assert capsys.readouterr().err == "fsm: out of date: mimi-00.jsonl, mimi-00.paths.jsonl, mimi-00.events.jsonl\n"
    assert not list(tmp_path.iterdir())
    assert run(["vectors", "--into", str(tmp_path), "mimi-00"]) == 0
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (COMMITTED / file.name).read_bytes()


def test_the_same_bytes_every_time() -> None:
    script = "from fsm import MIMI\nfrom fsm.review.vectors.suite import *\nprint(*to_lines(covering_vectors(MIMI)[0]), sep='', end='')"
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment)
    assert done.stdout == (COMMITTED / "mimi.jsonl").read_bytes()


def test_the_example_of_the_readme_is_one_of_them() -> None:
    text = (COMMITTED / "README.md").read_text(encoding="utf-8")
    example = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert example in [vector.as_json() for vector in cover(MIMI)]


def test_a_line_is_json_with_all_that_a_vector_has() -> None:
    vector = next(vector for vector in cover(MIMI) if not vector.decision.allowed and vector.decision.refusals)
    line = json.loads(next(to_lines([vector])))
    assert line["expected"]["refusals"][0].keys() == {"transition", "failed", "clause"}
    assert (line["expected"]["allowed"], line["expected"]["clause"]) == (False, None)
    assert isinstance(next(iter(paths(MIMI))), Walk)


def test_a_family_must_offer_events() -> None:
    bare = Policy("bare", "", "", MIMI.domain, MIMI.transitions, family="fsm")
    for make in (covering_vectors, paths, lambda policy: next(every_vector(policy))):
        with pytest.raises(ReviewError, match=one_line("policy `bare`: its family `fsm` offers no events")):
            make(bare)
