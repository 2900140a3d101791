"""The facts of a policy in words, for the page's controls.

The words are those of the guards: a guard that looks at one fact alone, and holds
for one of its values alone, says what that value means.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fsm import policies
from fsm.domain import Domain
from fsm.facts import EVENT, PAIR, ROOM, SENDER, TARGET, Subject, Value, spell, tell
from fsm.family import AnyPolicy
from fsm.guards import Guard

Meanings: TypeAlias = Mapping[tuple[str, Value], Guard[Any]]
"""By fact and value: the guard that holds for this value alone."""

_SENDER = "the sender "


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a fact: how links write it, how its control calls it, and what is then the case."""

    word: str
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FactWords:
    """One fact: the group of controls to which it belongs, and its values.

    A `switch` is off or on, and the label of its last option says all about it.
    """

    name: str
    group: str
    label: str
    switch: bool
    options: tuple[Option, ...]


def words_of(policy: AnyPolicy) -> dict[str, FactWords]:
    """Every fact of a policy, by name."""
    meanings, called = dict(_meanings(policy)), policies.words_of(policy)
    about = policy.domain.about
    return {
        name: _words(name, _GROUPS[about[name].subject], values, meanings, called)
        for name, values in policy.domain.values.items()
    }


def _words(
    name: str, group: str, values: tuple[Value, ...], meanings: Meanings, called: Mapping[str, str]
) -> FactWords:
    sentences = {value: _sentence(name, value, values, meanings) for value in values}
    is_flag = set(values) == {False, True}
    is_switch = is_flag and name != "is_self" and not all((name, value) in meanings for value in values)
    return FactWords(
        name=name,
        group=group,
        label={"target": "is in", "sender": "is in", "is_self": "is", **called}.get(name, _spaced(name)),
        switch=is_switch,
        options=tuple(
            Option(
                spell(value),
                called.get(name if is_switch else "", _label(name, sentence))
                if is_flag
                else called.get(spell(value), _spaced(tell(value))) or "(no name)",
                sentence,
            )
            for value, sentence in sentences.items()
        ),
    )


def _sentence(name: str, value: Value, values: tuple[Value, ...], meanings: Meanings) -> str:
    if (name, value) in meanings:
        return meanings[name, value].holds
    others = [other for other in values if other is not value]
    if len(others) == 1 and (name, others[0]) in meanings:
        return meanings[name, others[0]].fails
    if name in ("target", "sender"):
        return f"the {name} is in {tell(value)}"
    if name == "is_self":
        return f"{_SENDER}is {'the target' if value else 'another user'}"
    if isinstance(value, bool):
        return f"{_spaced(name)}: {'yes' if value else 'no'}"
    return f"the {_spaced(name)} is {_spaced(tell(value))}"


def _label(name: str, sentence: str) -> str:
    if sentence.startswith(f"{_spaced(name)}: "):  # no guard says what it means
        return _spaced(name)
    return sentence.removeprefix(_SENDER).removeprefix("is ")


_GROUPS: Mapping[Subject, str] = {
    TARGET: "The target",
    SENDER: "The sender",
    PAIR: "The sender",
    ROOM: "The room",
    EVENT: "The event",
}


def _meanings(policy: AnyPolicy) -> Iterator[tuple[tuple[str, Value], Guard[Any]]]:
    # Facts that only ever occur together would take each other's words.
    domain: Domain[Any] = Domain(policy.domain.record, policy.domain.limits)
    always = {"target", "sender", "is_self"}
    for guard in reversed(policy.guards):
        shared: dict[str, Value] | None = None
        failed = []
        reads = domain.reads(guard.test)
        for facts, _ in domain.walk(always | reads):
            if not guard(facts):
                failed.append(facts)
            elif shared is None:
                shared = {name: getattr(facts, name) for name in always | reads}
            else:
                shared = {name: value for name, value in shared.items() if getattr(facts, name) is value}
        for name, value in (shared or {}).items():
            if failed and all(getattr(facts, name) is not value for facts in failed):
                yield (name, value), guard


def _spaced(word: str) -> str:
    return word.replace("_", " ")
