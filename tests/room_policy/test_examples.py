"""The role sets that are shipped: those of the draft, and repaired ones that have no serious fault."""

import json
import runpy
from pathlib import Path

import pytest

from fsm.policies import load_policy
from fsm.room_policy.lint.repair import LOW, faults, repaired
from fsm.room_policy.policies import COOPERATIVE, RolePolicy, data_of

FOLDER = Path(__file__).parents[2] / "examples" / "room_policy"
PAGES = runpy.run_path(str(FOLDER / "pages.py"))
NAMES = ("cooperative", "strict", "moderated", "organizations")


def shipped(name: str) -> RolePolicy:
    policy = load_policy(str(FOLDER / f"{name}.json"))
    assert isinstance(policy, RolePolicy)
    return policy


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_are_those_of_the_catalogue(name: str) -> None:
    known = load_policy(f"room-policy-{name}")
    assert isinstance(known, RolePolicy)
    assert shipped(name).roles == known.roles
    assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) == data_of(known)


@pytest.mark.parametrize("name", NAMES)
def test_a_repaired_example_has_no_serious_fault(name: str) -> None:
    assert [law.id for law, _ in faults(shipped(f"{name}-repaired")) if law.severity != LOW] == []


def test_a_repaired_example_is_what_repair_makes() -> None:
    assert shipped("cooperative-repaired").roles == repaired(COOPERATIVE)[0].roles


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_are_up_to_date(name: str) -> None:
    for file, picture in PAGES["pictures"](name).items():
        assert (FOLDER / file).read_bytes() == picture


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_are_up_to_date(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == PAGES["page"](name)
