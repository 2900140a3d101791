"""`fsm test`: tests as data, from the command line."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import ROOT, fsm

EXAMPLE = "examples/tests/mimi.toml"


def test_the_example_passes(tmp_path: Path) -> None:
    run = fsm("test", EXAMPLE, "--junit", str(tmp_path / "junit.xml"))
    assert (run.status, run.err) == (0, "")
    assert run.out.endswith("\n4 tests, no failures\n")
    assert ET.parse(tmp_path / "junit.xml").getroot().get("tests") == "4"  # noqa: S314 - our own


def test_a_failure(inside: Inside, tmp_path: Path) -> None:
    file = tmp_path / "tests.toml"
    text = (ROOT / EXAMPLE).read_text(encoding="utf-8")
    file.write_text(text.replace('transition = "accept"', 'transition = "join"'), encoding="utf-8")
    run = inside("test", str(file))
    assert run.status == 1
    assert "FAIL  who is invited may join\n      allowed as `accept`, not as `join`\n" in run.out
    assert run.out.endswith("\n4 tests, 1 failure\n")
    found = json.loads(inside("test", str(file), "--json").out)
    assert found["summary"] == {"tests": 4, "failures": 1}
    assert "coverage" not in found


def test_coverage(inside: Inside) -> None:
    run = inside("test", EXAMPLE, "--coverage")
    assert run.status == 0
    assert "mimi: 6 % seen\n" in run.out
    run = inside("test", EXAMPLE, "--coverage-min", "50")
    assert run.status == 1
    assert run.out.endswith("mimi: 6 % seen, 50 % is the least\n")
    assert json.loads(inside("test", EXAMPLE, "--coverage", "--json").out)["coverage"][0]["policy"] == "mimi"


def test_a_policy_of_ones_own_is_given_or_allowed(inside: Inside, tmp_path: Path) -> None:
    log = (ROOT / "examples" / "muc" / "house.jsonl").read_text(encoding="utf-8").splitlines()
    policy = "examples/muc/policies.py:AFFILIATIONS"
    test = f"""[[test]]\nname = "a"\ngiven = ['{log[0]}']\nwhen = '{log[1]}'\nthen = "allowed"\n"""
    file = tmp_path / "tests.toml"
    file.write_text(test, encoding="utf-8")
    assert inside("test", str(file)).complaint == f"fsm: {file}: `policy`: is missing"
    assert inside("test", str(file), "--policy", policy).status == 0
    file.write_text(f'policy = "{policy}"\n{test}', encoding="utf-8")
    run = inside("test", str(file))
    assert (run.status, run.out) == (2, "")
    assert run.complaint.endswith("any other must have been allowed")
    assert inside("test", str(file), "--allow", policy).status == 0


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[[test]]", b"[" * 10**6, b"a" * (5 * 2**20), b"a = 1\nb = {"])
def test_what_is_no_file_of_tests_is_one_line(text: bytes, tmp_path: Path, inside: Inside) -> None:
    file = tmp_path / "tests.toml"
    file.write_bytes(text)
    run = inside("test", str(file), "--junit", str(tmp_path / "junit.xml"))
    assert (run.status, run.out) == (2, "")
    assert run.complaint.startswith(f"fsm: {file}: ")
    assert not (tmp_path / "junit.xml").exists()


def test_there_is_no_such_file(inside: Inside) -> None:
    assert inside("test", "nowhere.toml").complaint == "fsm: nowhere.toml: no such file or directory"


def test_standard_input() -> None:
    run = fsm("test", "-", given=(ROOT / EXAMPLE).read_bytes())
    assert run.status == 0
