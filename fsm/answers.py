"""Answers as lines of JSON.

Decisions are shared: the same object answers many events. So a decision is written once,
and its text remembered.
"""

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii

from fsm.decision import Decision

_MOST_TEXTS, _MOST_LETTERS = 2**10, 2**12
"""So many texts are remembered, of so many letters at most."""

quoted: Callable[[str], str] = encode_basestring_ascii
"""A text as JSON, as `json.dumps` writes it."""


class AnswerTexts:
    """The texts of decisions."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[Decision, str]] = {}

    def begin(self, decision: Decision, policy_id: str) -> str:
        """The text of `Decision.as_json`, to be continued: without the brace that ends it."""
        # As long as a decision is kept here, no other can have its number.
        key = id(decision), policy_id
        known = self._known.get(key)
        if known is not None:
            return known[1]
        text = json.dumps(decision.as_json(policy_id))[:-1]
        if len(text) <= _MOST_LETTERS:
            if len(self._known) >= _MOST_TEXTS:
                self._known.clear()
            self._known[key] = decision, text
        return text
