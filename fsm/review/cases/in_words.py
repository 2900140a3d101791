"""Events and cases as people read them: `@alice:a.example → @bob:b.example: ban`, the sender may ban."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fsm.errors import PolicyError, shorten
from fsm.facts import Value, spell, tell
from fsm.family import AnyPolicy
from fsm.policies import family_of, syntax_of
from fsm.render.explorer.words import FactWords, words_of

_LONGEST = 160
_BESIDE = ("redacts", "prev_events")
"""What is told beside the content may be what an answer hangs on."""


class Words:
    """The words of one policy. Without a policy events and facts are told as they are written."""

    def __init__(self, policy: AnyPolicy | None = None) -> None:
        self._policy = policy
        self._facts: Mapping[str, FactWords] = words_of(policy) if policy else {}

    def event(self, event: Mapping[str, Any]) -> str:
        """Who asks for what, and about whom; of what is no change, its type and content."""
        sender, target = event["sender"], event.get("state_key", "")
        change = self._change(event)
        if change is None:
            words = (event["type"], "" if target in ("", sender) else target, json.dumps(event["content"]))
        else:
            sender, target, *words_of_change = change
            words = (" ".join(words_of_change), "", "")
        beside = {name: event[name] for name in _BESIDE if name in event}
        told = " ".join(filter(None, (*words, json.dumps(beside) if beside else "")))
        parties = f"{sender} → {target}" if change is not None and target != sender else sender
        return shorten(f"{parties}: {told}", _LONGEST)

    def _change(self, event: Mapping[str, Any]) -> tuple[str, ...] | None:
        if self._policy is None or family_of(self._policy) is None:
            return None
        try:
            change = syntax_of(self._policy).read(event, self._policy)
        except PolicyError:
            return None
        if change is None:
            return None
        told = (f"{name.replace('_', ' ')} {tell(value)}" for name, value in change.facts.items() if value is not False)
        return (change.sender, change.target, change.action, *told)

    def fact(self, name: str, value: Value | str) -> str:
        """What is the case where a fact has this value."""
        word = str(value) if isinstance(value, str) else spell(value)
        for option in self._facts[name].options if name in self._facts else ():
            if option.word == word:
                return option.sentence
        return f"{name.replace('_', ' ')}: {word}"

    def case(self, action: str, facts: Mapping[str, Any]) -> str:
        """A question: what is asked, where the two are, and all else that is the case."""
        others = (name for name in facts if name not in ("target", "sender"))
        states = {name: facts[name] for name in ("target", "sender") if name in facts}
        told = [f"the {name} in {self._state(name, each)}" for name, each in states.items()]
        return f"{action}: {', '.join([*told, *(self.fact(name, facts[name]) for name in others)])}"

    def _state(self, name: str, state: Value | str) -> str:
        """A state, or its word, as text names it."""
        if isinstance(state, str) and self._policy is not None:
            values = self._policy.domain.values.get(name, ())
            return next((tell(value) for value in values if spell(value) == state), str(state))
        return str(state) if isinstance(state, str) else tell(state)


def log_lines(log: tuple[Mapping[str, Any], ...], words: Words) -> Iterator[str]:
    """A log in Markdown: as people read it, and as JSON lines."""
    yield ""
    yield from (f"{number}. {_code(words.event(event))}" for number, event in enumerate(log, start=1))
    yield "\n```json"
    yield from map(json.dumps, log)
    yield "```\n"


def _code(text: str) -> str:
    ticks = "``" if "`" in text else "`"
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"
