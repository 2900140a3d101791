"""Every condition of the room policy quotes the draft, and links to the section where the sentence stands."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from fsm.guards import Guard
from fsm.policies import CATALOGUE, load_policy
from fsm.room_policy.draft import SAYS
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.rules import rules_of

SECTIONS: dict[str, str] = json.loads((Path(__file__).parent / "data" / "draft_sections.json").read_text("utf-8"))
"""By title: the sections of draft-ietf-mimi-room-policy-03 that are quoted, without cross-references and bullets."""

EXAMPLES = [policy for policy in map(load_policy, CATALOGUE) if isinstance(policy, RolePolicy)]
GUARDS: dict[str, Guard[Any]] = {
    guard.name: guard
    for policy in EXAMPLES
    for guard in chain.from_iterable(
        rule.guards for rule in chain(policy.transitions, rules_of(policy.roles).values())
    )
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_every_condition_quotes_the_draft_and_links_to_it(guard: Guard[Any]) -> None:
    assert guard.says == SAYS[guard.name]
    for quote in guard.says:
        assert quote.sentence in SECTIONS[quote.section]
        anchor = "-".join(quote.section.lower().split())
        assert quote.url == f"https://www.ietf.org/archive/id/draft-ietf-mimi-room-policy-03.html#name-{anchor}"


def test_every_quotation_serves_a_condition_and_every_section_is_quoted() -> None:
    assert set(GUARDS) == set(SAYS)
    assert {quote.section for quotes in SAYS.values() for quote in quotes} == set(SECTIONS)
