"""The page decides as Python does: every cell of the policies, asked in the browser."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page

from fsm.family import AnyPolicy
from fsm.matrix.policies import MATRIX_12
from fsm.memory import memory_of
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01
from tests.builders import JSON
from tests.explorer.conftest import Open
from tests.render.policies import DOOR, HOSTILE

ASK_ALL = """() => {
  const { data, answer } = window.explorer;
  const cells = data.facts.reduce(
    (heads, { options }) => heads.flatMap((head) => options.map((_, value) => [...head, value])), [[]]);
  const distinct = new Map();
  const number = (value) => {
    const key = JSON.stringify(value);
    if (!distinct.has(key)) distinct.set(key, distinct.size);
    return distinct.get(key);
  };
  const numbers = data.actions.map((_, action) => cells.map((at) => number(answer(action, at))).join());
  return { facts: data.facts.map(({ name }) => name), numbers, answers: [...distinct.keys()].map((key) => JSON.parse(key)) };
}"""
"""Every answer of the page, by action and cell; null for what nobody can ask. The numbers are text: that is passed on fast."""


def asked(page: Page) -> dict[str, Any]:
    answers: dict[str, Any] = page.evaluate(ASK_ALL)
    return answers


def expected(policy: AnyPolicy, facts: list[str]) -> Iterator[tuple[str, tuple[Any, ...], JSON | None]]:
    """What the machine answers, in the order in which the page was asked."""
    decide = memory_of(policy).machine.decide
    for action in policy.triggers:
        records = {tuple(getattr(record, name) for name in facts): record for record in policy.asked(action)}
        for cell in product(*(policy.domain.values[name] for name in facts)):
            known = cell in records
            yield action, cell, decide(action, records[cell]).as_json(policy.id) if known else None


@pytest.mark.parametrize(
    "policy",
    [MIMI, MIMI_00, MIMI_01, pytest.param(MATRIX_12, marks=pytest.mark.long), DOOR, HOSTILE],
    ids=["mimi", "mimi-00", "mimi-01", "matrix-12", "door", "hostile"],
)
def test_every_cell(policy: AnyPolicy, visit: Open) -> None:
    said = asked(visit(policy))
    found = [said["answers"][int(number)] for numbers in said["numbers"] for number in numbers.split(",")]
    cells = list(expected(policy, said["facts"]))
    assert len(found) == len(cells)
    assert sum(answer is not None for answer in found) == sum(1 for _ in policy.cells())
    for answer, (action, cell, decision) in zip(found, cells, strict=True):
        assert answer == decision, (action, cell)
