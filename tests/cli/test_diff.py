"""`fsm diff`."""

import json
import re
from base64 import b64decode
from pathlib import Path

import pytest

from fsm.log import Replay
from fsm.policies import load_policy
from tests.cli.conftest import Inside
from tests.cli.runner import fsm
from tests.logs import read_lines


def test_what_two_policies_decide_differently() -> None:
    run = fsm("diff", "mimi", "mimi-01")
    assert run.status == 1
    lines = run.out.splitlines()
    assert lines[:3] == [
        "mimi → mimi-01: 248 of 14400 cells are decided differently",
        "  not compared: events other than changes of participation: `participation_events` and `power` (granted → set)",
        "",
    ]
    assert (
        "2. leave: allowed (revoke or deny, to leave) → rejected when target = invite or knock, "
        "the sender is joined, may kick, and outranks the target for kicking"
    ) in lines
    assert "  48 cells, for example target=invite sender=join join_rule=invite may_kick outranks_for_kick" in lines
    assert "  ban: `reban` no longer asks `sender_outranks_for_ban` (264 cells)" in lines


def test_policies_whose_tables_decide_alike(inside: Inside) -> None:
    run = inside("diff", "mimi-01", "mimi-00")
    assert run.out.startswith("mimi-01 and mimi-00 decide all 14400 cells alike\n")
    assert "  ban: 5.5 → 6.5" in run.out.splitlines()
    rule = "  message events: `message` asks that the sender may send this type of event, and no longer asks that"
    assert f"{rule} the sender is not denied to send messages" in " ".join(run.out.split("\n    ")).splitlines()
    assert run.status == 1
    assert inside("diff", "matrix-5", "matrix-6", "--json").status == 1
    assert inside("diff", "matrix-3", "matrix-4").status == 0
    same = inside("diff", "mimi", "mimi")
    assert (same.status, same.out) == (0, "mimi and mimi decide all 14400 cells alike\n")


def test_a_diff_as_json(inside: Inside) -> None:
    run = inside("diff", "mimi", "mimi-01", "--json", "--given", "join_rule=public")
    assert run.status == 1
    found = json.loads(run.out)
    assert (found["old"], found["new"], found["compared"], found["differing"]) == ("mimi", "mimi-01", 4800, 72)
    leave = found["groups"][0]
    assert leave["old"] == {"allowed": True, "after": "leave", "transitions": ["revoke", "deny"]}
    assert leave["new"] == {"allowed": False, "after": None, "transitions": []}
    assert leave["facts"]["target"] == ["invite", "knock"]
    assert leave["facts"]["may_kick"] == [True]
    assert leave["plays_under"] == ["mimi", "mimi-01"]


def test_logs_show_the_differences_to_replay(inside: Inside, tmp_path: Path) -> None:
    inside("diff", "mimi", "mimi-01", "--logs", str(tmp_path / "logs"))
    files = sorted((tmp_path / "logs").iterdir())[:4]
    assert [file.name for file in files] == ["01-knock.jsonl", "02-leave.jsonl", "03-ban.jsonl", "04-ban.jsonl"]
    for file in files:
        last = []
        for policy in ("mimi", "mimi-01"):
            with file.open("rb") as source:
                *_, outcome = Replay(load_policy(policy)).run(read_lines(source))
            last.append(outcome.decision)
        assert bool(last[0]) is not bool(last[1])


@pytest.mark.parametrize(("ending", "start"), [("md", "# mimi → mimi-01\n"), ("html", "<!doctype html>\n")])
def test_a_report(inside: Inside, tmp_path: Path, ending: str, start: str) -> None:
    file = tmp_path / f"report.{ending}"
    assert inside("diff", "mimi", "mimi-01", "--report", str(file)).status == 1
    text = file.read_text(encoding="utf-8")
    assert text.startswith(start)
    assert "outranks the target for kicking" in text
    if ending == "md":
        assert "![mimi and mimi-01 in one picture](report.mimi-mimi-01.svg)" in text
        picture = (tmp_path / "report.mimi-mimi-01.svg").read_text(encoding="utf-8")
    else:
        (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', text)
        picture = b64decode(data).decode()
    assert "revoke" in picture


def test_a_policy_of_ones_own(inside: Inside, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from fsm import MIMI\nMINE = MIMI.evolve('mine\\x1b', drop=['unban'])\n", encoding="utf-8")
    run = inside("diff", "mimi", f"{file}:MINE")
    assert run.status == 1
    assert "1. leave: allowed (unban, to leave) → rejected" in run.out
    assert "\x1b" not in run.out


# fmt: off
UNUSABLE = [
    (("mimi", "nobody"),                                       "unknown policy `nobody`"),
    (("mimi", "mimi-01", "--given", "colour=red"),             "unknown fact `colour`: the facts are "),
    (("mimi", "mimi-01", "--given", "join_rule=private"),      "`private` is no value of `join_rule`"),
    (("mimi", "mimi-01", "--given", "may_kick"),               "`may_kick` is not of the form FACT=VALUE"),
    (("mimi", "mimi-01", "--report", "report.pdf"),            "`report.pdf`: a report is a file that ends in .md or .html"),
    (("mimi", "mimi-01", "--report", "/no/where/report.md"),   "/no/where/report.mimi-mimi-01.svg: no such file or directory"),
    (("mimi",),                                                "missing argument 'NEW'"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_unusable_input(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("diff", *arguments)
    assert run.status == 2
    assert run.complaint.lower().startswith(f"fsm: {problem}".lower())
