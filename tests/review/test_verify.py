"""`fsm.review.laws.verify`: what it finds in the shipped policies, and how it says so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from fsm.decision import Decision
from fsm.domain import Domain
from fsm.facts import SenderFacts, spell
from fsm.guards import guard
from fsm.json_lines import Line
from fsm.log import Replay
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from fsm.participation.laws import LAWS
from fsm.participation.terms import Participation
from fsm.policies import laws_of, load_policy
from fsm.policy import Policy, Transition
from fsm.review.cases.cells import Cells
from fsm.review.errors import ReviewError
from fsm.review.laws import Severity, law
from fsm.review.laws.accepted import read_accepted
from fsm.review.laws.finding import Review
from fsm.review.laws.own_laws import law_ids
from fsm.review.laws.structure import TABLE_LAWS, faults
from fsm.review.laws.verify import verify
from fsm.review.laws.verify_report import save, to_markdown, witness_files
from fsm.review.search.witness import witness
from fsm.scenario import Log
from tests.builders import JOIN, LEAVE, MEMBERSHIP, is_one_line

# All that is found shows in the first rooms of every board.
FEW = 20


@pytest.fixture(scope="module")
def reviews() -> dict[str, Review]:
    return {policy.id: verify(policy, rooms=FEW) for policy in (MIMI_00, MIMI_01)}


def test_mimi_keeps_every_law() -> None:
    seen: list[int] = []
    review = verify(MIMI, progress=seen.append)
    assert review.findings == ()
    assert review.cells == 14_400
    assert review.rooms == len(seen) == seen[-1] > 300
    assert review.not_applied == ()
    assert review.laws == len({law.id for law in (*TABLE_LAWS, *laws_of(MIMI))})


# The points in which the drafts leave something open or contradict themselves, and the law that tells.
# fmt: off
POINTS: list[tuple[str, str, tuple[MimiPolicy, ...]]] = [
    ("declining a knock",          "knock-can-be-declined",         (MIMI_00, MIMI_01)),
    ("revoking an invite",         "invite-can-be-withdrawn",       (MIMI_00, MIMI_01)),
    ("ban of a superior",          "ban-takes-rank",                (MIMI_00, MIMI_01)),
    ("ban of oneself",             "no-ban-of-oneself",             (MIMI_00, MIMI_01)),
    ("knock while invited",        "invited-need-not-knock",        (MIMI_00, MIMI_01)),
    ("power by an explicit no",    "no-protects-nobody",            (MIMI_00, MIMI_01)),
    ("roles above one's own",      "higher-roles-are-out-of-reach", (MIMI_00, MIMI_01)),
    ("giving what one has not",    "grants-are-held",               (MIMI_00, MIMI_01)),
    ("nobody left to change roles", "nobody-is-locked-out",         (MIMI_00, MIMI_01)),
    ("messages take a permission", "permission-suffices",           (MIMI_00,)),
    ("state by who may speak",     "deeds-take-permission",         (MIMI_01,)),
]
# fmt: on


@pytest.mark.parametrize(
    ("law_id", "policy"),
    [pytest.param(row[1], policy, id=f"{row[0].replace(' ', '-')}-{policy.id}") for row in POINTS for policy in row[2]],
)
def test_the_published_revisions(law_id: str, policy: MimiPolicy, reviews: Mapping[str, Review]) -> None:
    finding = next(finding for finding in reviews[policy.id].findings if finding.law == law_id)
    assert finding.witness is not None
    assert (finding.cells is None) is (finding.rooms is not None)
    *before, last = decisions(policy, finding.witness)
    assert all(before)
    assert finding.answer.startswith("allowed" if last else "rejected: ")
    assert last.reason in finding.answer
    if finding.contrast_witness:
        assert bool(decisions(policy, finding.contrast_witness)[-1]) is not bool(last)


def decisions(policy: MimiPolicy, log: Log) -> list[Decision]:
    """What a replay of the log decides."""
    lines = [Line(number, event) for number, event in enumerate(log, start=1)]
    return [outcome.decision for outcome in Replay(policy).run(lines) if outcome.decision is not None]


def test_nothing_else_is_found_in_them(reviews: Mapping[str, Review]) -> None:
    for policy in (MIMI_00, MIMI_01):
        told = {row[1] for row in POINTS if policy in row[2]}
        # Revision 01 lets nobody set the room who may not speak, whatever their permissions.
        also = {"permission-suffices"} if policy is MIMI_01 else set[str]()
        assert {finding.law for finding in reviews[policy.id].findings} - also == told


# The smallest counterexample, against all cells one by one: whatever a law reads, and whoever else is near.


def rows_without(policy: Policy[Any], *names: str) -> Policy[Any]:
    rows = (
        replace(row, guards=tuple(each for each in row.guards if each.name not in names)) for row in policy.transitions
    )
    return policy.evolve("planted", replace=rows)


PLANTED: dict[str, Policy[Any]] = {
    "mimi-00": MIMI_00,
    "nobody has to be joined": rows_without(MIMI, "sender_is_joined"),
    "knocks without end": MIMI.evolve("planted", drop=["deny", "withdraw"]),
    "nobody is asked": rows_without(MIMI, "sender_is_another", "sender_outranks_for_ban", "room_is_public"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_no_counterexample_is_smaller(name: str) -> None:
    policy = PLANTED[name]
    cells, laws = Cells(policy), {law.id: law for law in LAWS}
    found = [each for each in verify(policy, rooms=0).findings if each.law in laws and each.example is not None]
    assert found
    for finding in found:
        assert finding.example is not None
        baseline = policy.domain.strong if finding.is_from_strong else policy.domain.plain
        whole = replace(laws[finding.law], reads=tuple(policy.domain.values))
        broken = [breach.cell for breach in whole.breaches(cells)]
        sizes = [cells.distance(cell.facts, baseline) for cell in broken]
        told = {name: spell(value) for name, value in baseline.items()}
        size = sum(finding.example.facts[name] != word for name, word in told.items())
        shown = [(str(cell.action), {name: spell(getattr(cell.facts, name)) for name in told}) for cell in broken]
        place = shown.index((finding.example.action, dict(finding.example.facts)))
        for number, cell in enumerate(broken):
            if (sizes[number], number) < (size, place):
                assert witness(policy, cell.action, cell.facts) is None, finding.law
        assert (finding.witness is None) is (finding.is_reachable is False)


def test_the_gravest_comes_first(reviews: Mapping[str, Review]) -> None:
    for review in reviews.values():
        order = [list(Severity).index(finding.severity) for finding in review.findings]
        assert order == sorted(order)
        assert {finding.policy for finding in review.findings} == {review.policy}
        assert all(is_one_line(finding.sentence) for finding in review.findings)


def test_the_numbers_of_sections_are_those_of_the_policy(reviews: Mapping[str, Review]) -> None:
    rows = {
        policy: next(finding.rows for finding in review.findings if finding.law == "ban-takes-rank")
        for policy, review in reviews.items()
    }
    assert rows == {
        "mimi-00": (("ban", "6.5"), ("reban", "6.5")),
        "mimi-01": (("ban", "5.5"), ("reban", "5.5")),
    }


def test_a_review_is_json_and_the_same_every_time(reviews: Mapping[str, Review]) -> None:
    first = json.dumps(reviews["mimi-01"].as_json())
    assert json.dumps(verify(MIMI_01, rooms=FEW).as_json()) == first
    read = json.loads(first)
    assert read["holds"] is False
    assert read["findings"][0]["law"] == "ban-takes-rank"
    assert read["findings"][0]["severity"] == "high"


def test_the_matrix_of_states_and_actions() -> None:
    review = verify(MIMI, rooms=0)
    assert review.rooms is None
    assert review.matrix["leave"] == {
        "invite": ("invite",), "join": ("join",), "leave": (), "ban": ("ban",), "knock": ("knock",),
    }  # fmt: skip
    assert review.no_row == {
        "invite": ("knock",), "join": ("invite", "knock"), "leave": ("leave",), "ban": ("invite", "join", "knock"), "knock": (),
    }  # fmt: skip


# Policies of other facts.


@dataclass(frozen=True, slots=True, kw_only=True)
class FewFacts(SenderFacts[Participation]):
    target: Participation
    is_self: bool


@guard("the sender is the target", fails="the sender is not the target")
def is_own(facts: FewFacts) -> bool:
    return facts.is_self


CLUB: Policy[FewFacts] = Policy(
    id="club",
    title="A club: come and go, or be thrown out",
    source="us",
    domain=Domain(FewFacts, {"target": (JOIN, LEAVE), "sender": (JOIN, LEAVE)}),
    transitions=(
        Transition("come", JOIN, {LEAVE}, JOIN, (is_own,)),
        Transition("stay", JOIN, {JOIN}, JOIN, (is_own,)),
        Transition("go", LEAVE, {JOIN}, LEAVE, (is_own,)),
    ),
    family="tests.review",
)


def test_a_law_is_not_held_against_a_policy_that_lacks_its_facts() -> None:
    review = verify(CLUB, LAWS)
    assert review.rooms is None
    assert set(review.not_applied) == {each.id for each in LAWS if each.reads}
    (finding,) = review.findings
    assert (finding.law, finding.cells, finding.witness) == ("joined-can-be-kicked", 2, None)
    assert finding.is_reachable is None


class Door(StrEnum):
    SHUT = "shut"
    OPEN = "open"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFacts:
    target: Door
    sender: Door
    is_self: bool


def test_a_policy_of_other_words_is_read_as_a_table() -> None:
    door: Policy[DoorFacts] = Policy(
        id="door",
        title="A door",
        source="us",
        domain=Domain(DoorFacts),
        transitions=(
            Transition("pull", Door.OPEN, {Door.SHUT}, Door.OPEN, ()),
            Transition("push", Door.SHUT, {Door.OPEN}, Door.SHUT, ()),
            Transition("lock", Door.LOCKED, {Door.SHUT}, Door.LOCKED, ()),
        ),
        family="tests.review",
    )
    assert [(finding.law, finding.subject) for finding in verify(door).findings] == [
        ("every-state-is-left", "`locked`")
    ]


def test_a_law_of_ones_own_is_held_and_counted() -> None:
    @law("Nobody stays", Severity.LOW, clause="House rules")
    def nobody_stays(_: str, facts: FewFacts, decision: Decision) -> bool:
        return not (decision and facts.target is decision.after)

    findings = verify(CLUB, [*LAWS, nobody_stays]).findings
    assert [(finding.law, finding.clause) for finding in findings][1:] == [("nobody-stays", "House rules")]


@pytest.mark.parametrize("end", [ZeroDivisionError, SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
def test_a_law_that_fails_is_named(end: type[BaseException]) -> None:
    @law("Nobody counts", clause="House rules")
    def nobody_counts(*_: Any) -> bool:
        raise end("one\ntwo")

    with pytest.raises(ReviewError, match=f"law `nobody-counts` fails: {end.__name__}: one two"):
        verify(CLUB, [nobody_counts])


@pytest.mark.parametrize("policy", MEMBERSHIP)
def test_the_table_of_every_policy_is_read(policy: str) -> None:
    found = list(faults(Cells(load_policy(policy))))
    assert not [fault for fault in found if fault.law.severity is Severity.HIGH]


# Acceptance.

REASON = "we have told everybody"


# fmt: off
ACCEPTED: list[tuple[str, str, str, int]] = [
    ("all.json",    '{"joined-can-be-kicked": "REASON"}',            REASON, 0),
    ("own.json",    '{"club": {"joined-can-be-kicked": "REASON"}}',  REASON, 0),
    ("other.json",  '{"pub": {"joined-can-be-kicked": "REASON"}}',   "",     1),
    ("none.json",   "{}",                                            "",     1),
    ("all.toml",    'joined-can-be-kicked = "REASON"',               REASON, 0),
    ("own.toml",    '[club]\njoined-can-be-kicked = "REASON"',       REASON, 0),
    ("both.toml",   'joined-can-be-kicked = "no"\n[club]\njoined-can-be-kicked = "REASON"', REASON, 0),
]
UNREADABLE: list[tuple[str, str, str]] = [
    ("a.json", "{",                                    "`a.json`: not JSON: "),
    ("a.toml", "joined-can-be-kicked",                 "`a.toml`: not TOML: "),
    ("a.toml", '"joined-can-be-kicked": "no"',         "`a.toml`: not TOML: "),
    ("a.json", "[]",                                   "`a.json`: must be an object, not an array"),
    ("a.json", '{"no-such-law": "x"}',                 "`a.json`: there is no law `no-such-law`"),
    ("a.json", '{"club": {"no-such-law": "x"}}',       "`a.json`: there is no law `no-such-law`"),
    ("a.json", '{"joined-can-be-kicked": ""}',         "`a.json`: `joined-can-be-kicked` needs a reason in words"),
    ("a.json", '{"joined-can-be-kicked": true}',       "`a.json`: `joined-can-be-kicked` needs a reason in words"),
]
# fmt: on


@pytest.mark.parametrize(("name", "text", "reason", "left"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_a_finding_is_accepted_with_a_reason(name: str, text: str, reason: str, left: int, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text.replace("REASON", REASON))
    review = verify(CLUB, LAWS, accepted=read_accepted(file, law_ids()))
    assert [finding.accepted for finding in review.findings] == [reason or None]
    assert len(review.open) == left
    assert review.as_json()["holds"] is (left == 0)


@pytest.mark.parametrize(("name", "text", "problem"), UNREADABLE)
def test_reasons_that_cannot_be_read(name: str, text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReviewError) as caught:
        read_accepted(tmp_path / name, law_ids())
    assert str(caught.value).startswith(problem)
    assert is_one_line(str(caught.value))


# Reports.


def test_a_report_says_all_of_it(reviews: Mapping[str, Review]) -> None:
    accepted = replace(reviews["mimi-01"].findings[0], accepted=REASON)
    mixed = replace(reviews["mimi-01"], findings=(accepted, *reviews["mimi-01"].findings[1:]))
    text = to_markdown([reviews["mimi-00"], mixed], {"mimi-00": "a.svg"})
    for review in reviews.values():
        assert f"## {review.policy}: {review.title}" in text
        for finding in review.findings:
            assert finding.sentence in text
            assert all(json.dumps(event) in text for event in finding.witness or ())
    assert "![mimi-00](a.svg)" in text
    assert "![mimi-01]" not in text
    assert f"- **accepted**: {REASON}" in text
    assert "| **leave** | `invite` | `join` | - | `ban` | `knock` |" in text


def test_a_report_of_a_sound_policy_says_so() -> None:
    assert "Every law is kept." in to_markdown([verify(MIMI, rooms=0)], {})


PICTURE = b"<svg/>"


def test_pictures_stand_beside_markdown_and_inside_a_page(tmp_path: Path) -> None:
    review = verify(replace(CLUB, id="the/club"), LAWS)
    save(tmp_path / "report.md", [review], {"the/club": PICTURE})
    assert (tmp_path / "report.the_club.svg").read_bytes() == PICTURE
    assert "![the/club](report.the_club.svg)" in (tmp_path / "report.md").read_text("utf-8")
    save(tmp_path / "page.html", [review], {"the/club": PICTURE})
    page = (tmp_path / "page.html").read_text("utf-8")
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+"' in page
    assert "A joined user can be kicked" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "report.md", "report.the_club.svg"]
    with pytest.raises(ReviewError, match=r"`report.doc`: a report is a file that ends in .md or .html"):
        save(tmp_path / "report.doc", [review], {})


def test_every_log_has_a_file_of_its_own(reviews: Mapping[str, Review]) -> None:
    files = dict(witness_files(reviews["mimi-00"]))
    assert len(files) == sum(
        bool(log) for each in reviews["mimi-00"].findings for log in (each.witness, each.contrast_witness)
    )
    assert "mimi-00.01.ban-takes-rank.jsonl" in files
    assert any(name.endswith(".no-protects-nobody.contrast.jsonl") for name in files)
