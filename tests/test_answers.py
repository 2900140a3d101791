"""Answers as lines of JSON: what is remembered of them is what would be written anew."""

import json
from dataclasses import replace

import pytest

from fsm.answers import AnswerTexts, quoted
from fsm.decision import Decision
from fsm.log import GIVEN

REFUSED = Decision(allowed=False, reason="no")


def test_a_decision_is_written_for_each_policy() -> None:
    texts = AnswerTexts()
    for _ in range(2):
        for policy in ("one", "two"):
            for decision in (GIVEN, REFUSED, replace(REFUSED), replace(REFUSED, reason="é")):
                assert texts.begin(decision, policy) + "}" == json.dumps(decision.as_json(policy))


def test_few_are_remembered_and_none_that_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.answers._MOST_TEXTS", 2)
    texts = AnswerTexts()
    decisions = [replace(REFUSED, reason=str(number)) for number in range(5)]
    for decision in (*decisions, *decisions):
        assert texts.begin(decision, "one") + "}" == json.dumps(decision.as_json("one"))
        assert len(texts._known) <= 2
    kept = len(texts._known)
    long = replace(REFUSED, reason="x" * 10_000)
    assert texts.begin(long, "one") + "}" == json.dumps(long.as_json("one"))
    assert len(texts._known) == kept


@pytest.mark.parametrize("text", ["", '"\\', "é\n", "\ud800"])
def test_texts_are_quoted_as_everywhere(text: str) -> None:
    assert quoted(text) == json.dumps(text)
