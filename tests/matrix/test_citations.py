"""What the rules of Matrix quote stands in the specification, and links to it.

`tests/data/matrix/rules.json` holds, for the room versions that are quoted, the text of their
rules, without cross-references, numbers and notes in margins (matrix-org/matrix-spec, Apache License 2.0).
"""

import json
import pickle
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import fsm.matrix
import fsm.participation
from fsm.guards import Guard
from fsm.matrix.policies import VERSIONS
from fsm.rule import Rule
from tests.builders import guards_in

RULES: dict[str, str] = json.loads((Path(__file__).parents[1] / "data" / "matrix" / "rules.json").read_text("utf-8"))
ALL: list[Rule[Any]] = [
    *chain.from_iterable(policy.transitions for policy in VERSIONS.values()),
    *chain.from_iterable(chain.from_iterable(policy.rules_beside.values()) for policy in VERSIONS.values()),
]
USED: dict[str, Guard[Any]] = {guard.name: guard for rule in ALL for guard in rule.guards}


@pytest.mark.parametrize("guard", USED.values(), ids=USED)
def test_every_guard_quotes_the_rules_of_a_version_and_links_to_them(guard: Guard[Any]) -> None:
    assert guard.says
    for quote in guard.says:
        words, version = quote.document.name.rsplit(" ", 1)
        assert words == "Matrix room version"
        assert quote.sentence in RULES[version]
        assert quote.url == f"https://spec.matrix.org/latest/rooms/v{version}/#authorisation-rules"


def test_every_text_is_quoted() -> None:
    assert {quote.document.name.rsplit(" ", 1)[1] for guard in USED.values() for quote in guard.says} == set(RULES)


def test_every_guard_is_used() -> None:
    assert {guard.name for guard in guards_in(fsm.matrix)} <= set(USED)


SHARED = [guard for guard in guards_in(fsm.participation) if guard.name in USED]


@pytest.mark.parametrize("guard", SHARED, ids=repr)
def test_a_guard_that_is_shared_is_one_guard_in_the_words_of_each(guard: Guard[Any]) -> None:
    ours = USED[guard.name]
    assert ours == guard
    assert ours.says != guard.says
    assert pickle.loads(pickle.dumps(ours)).says == ours.says  # noqa: S301 - our own bytes
    assert pickle.loads(pickle.dumps(guard)) is guard  # noqa: S301
