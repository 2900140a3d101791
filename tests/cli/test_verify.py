"""`fsm verify`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import ROOT, fsm


def test_a_policy_without_findings() -> None:
    run = fsm("verify", "mimi", "--rooms", "3")
    assert (run.status, run.err) == (0, "")
    first, *matrix = run.out.splitlines()
    assert first.startswith("mimi: no findings; 51 laws over 14400 cells, ")
    assert [line.split() for line in matrix] == [
        "invite join leave ban knock".split(),
        "invite reinvite accept decline/revoke ban -".split(),
        "join - rejoin leave/kick ban -".split(),
        "leave invite join - ban knock".split(),
        "ban - - unban reban -".split(),
        "knock welcome join withdraw/deny ban reknock".split(),
    ]


def test_findings_in_words(inside: Inside) -> None:
    run = inside("verify", "mimi-01", "--rooms", "0")
    assert run.status == 1
    _, _, found = run.out.partition("HIGH  ")
    assert found.splitlines()[:12] == [
        "Nobody bans a peer or a superior",
        "  law ban-takes-rank, ours: its source does not say so, rows ban 5.5, reban 5.5",
        '  MIMI draft, "Ban Conditions": “Note that a ban implies kick.”',
        "  broken in 120 cells, the smallest: ban, target=join, sender=join, may_ban",
        "    allowed as ban",
        "  shown by the last of 6 events, allowed as ban:",
        "    @alice:a.example  m.room.create  {}",
        '    @alice:a.example → @bob:b.example  m.room.user  {"participation": "invite"}',
        '    @bob:b.example  m.room.user  {"participation": "join"}',
        '    @alice:a.example → member  m.room.role  {"permissions": {"ban": true}}',
        '    @alice:a.example  m.room.role_map  {"roles": [{"role_id": "member", "user_ids": ["@alice:a.example", "@bob:b.example"], "order": 1}]}',
        '    @alice:a.example → @bob:b.example  m.room.user  {"participation": "ban"}',
    ]


def test_a_law_that_the_draft_states_comes_with_its_sentence(inside: Inside) -> None:
    run = inside("verify", "matrix-12", "--rooms", "0")
    assert [line for line in run.out.splitlines() if line.startswith(("  law join-is-own", '  MIMI draft, "Join'))][
        :2
    ] == [
        '  law join-is-own, from "Join Conditions", rows found 5.3.1',
        '  MIMI draft, "Join Conditions": “The target and sender of a join MUST be the same.”',
    ]


def test_several_policies_as_json(inside: Inside) -> None:
    run = inside("verify", "mimi-01", "mimi", "--rooms", "0", "--json")
    reviews = json.loads(run.out)
    assert [(review["policy"], review["holds"]) for review in reviews] == [("mimi-01", False), ("mimi", True)]
    assert run.status == 1
    assert all(finding["sentence"] and finding["severity"] for review in reviews for finding in review["findings"])


def test_logs_that_replay(inside: Inside, tmp_path: Path) -> None:
    run = inside("verify", "mimi-00", "--rooms", "5", "--witnesses", str(tmp_path / "logs"), "--json")
    (review,) = json.loads(run.out)
    files = sorted((tmp_path / "logs").iterdir())
    assert len(files) == sum(
        bool(finding[log]) for finding in review["findings"] for log in ("witness", "contrast_witness")
    )
    replay = inside("replay", str(files[0]), "--policy", "mimi-00")
    assert replay.status == 0
    assert replay.out.splitlines()[5].split()[:3] == ["6", "allowed", "ban"]


def test_findings_that_are_accepted(inside: Inside, tmp_path: Path) -> None:
    found = [
        finding["law"]
        for finding in json.loads(inside("verify", "mimi-01", "--rooms", "0", "--json").out)[0]["findings"]
    ]
    reasons = tmp_path / "reasons.json"
    reasons.write_text(json.dumps({"mimi-01": dict.fromkeys(found, "it is an old draft")}))
    run = inside("verify", "mimi-01", "--rooms", "0", "--accept", str(reasons))
    assert run.status == 0
    assert run.out.startswith(f"mimi-01: no findings; {len(found)} accepted; ")
    assert run.out.count("accepted: it is an old draft") == len(found)


LAWS = """
from fsm.review.laws import law

@law("Nobody is ever banned", clause="House rules")
def nobody_is_banned(action, facts, decision):
    return not (action == "ban" and decision.allowed)
"""


def test_policies_and_laws_of_ones_own(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from fsm import MIMI\nMEEK = MIMI.evolve('meek', drop=['ban', 'reban', 'unban'])\n"
    )
    (tmp_path / "laws.py").write_text(LAWS)
    names = ["mimi", f"{tmp_path / 'own.py'}:MEEK"]
    run = inside("verify", *names, "--rooms", "0", "--laws", str(tmp_path / "laws.py"), "--json")
    mimi, meek = json.loads(run.out)
    assert run.status == 1
    assert [finding["law"] for finding in mimi["findings"]] == ["nobody-is-banned"]
    assert "nobody-is-banned" not in [finding["law"] for finding in meek["findings"]]
    assert "every-state-is-reached" in [finding["law"] for finding in meek["findings"]]


def test_a_report_with_a_picture(inside: Inside, tmp_path: Path) -> None:
    run = inside("verify", "mimi", "--rooms", "0", "--report", str(tmp_path / "report.html"))
    assert (run.status, run.err) == (0, "")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Every law is kept." in page
    assert 'src="data:image/svg+xml;base64,' in page


# fmt: off
UNUSABLE = [
    (("nobody",),                                "unknown policy `nobody`"),
    (("mimi", "--laws", "no.such.laws"),         "laws `no.such.laws` cannot be loaded: ModuleNotFoundError: "),
    (("mimi", "--accept", "no-such-file.json"),  "no-such-file.json: no such file or directory"),
    (("mimi", "--rooms", "-1"),                  ""),
    (("mimi", "--rooms", "0", "--report", "report.doc"), "`report.doc`: a report is a file that ends in .md or .html"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_unusable_input(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("verify", *arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")
    assert run.out == ""


@pytest.mark.parametrize("version", [12, *(pytest.param(version, marks=pytest.mark.long) for version in (1, 7))])
def test_findings_about_matrix_stand_for_a_reason(inside: Inside, version: int) -> None:
    reasons = str(ROOT / "examples" / "review" / "matrix.toml")
    run = inside("verify", f"matrix-{version}", "--accept", reasons, "--json")
    assert run.status == 0
    (review,) = json.loads(run.out)
    assert {finding["law"] for finding in review["findings"]} >= {"ban-keeps-out", "left-is-left"}
