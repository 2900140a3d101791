"""The room that people play in, where facts follow from how many users stand where.

Theory of operation. Which facts a change has hangs on a few things: how it is asked for,
where the two users are, how many others are there, and what the room was set to last. The
family says which fact hangs on which of them (`fsm.scenario.Counted`). So for each fact, real
rooms are asked for every combination of what it hangs on, and the page looks its value up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from fsm.family import AnyPolicy, AnyRoom
from fsm.policies import new_room, room_from_state
from fsm.render.explorer.table import Numbered
from fsm.scenario import Counted, Scenario
from fsm.state import AnyState
from fsm.syntax import Syntax

JSON: TypeAlias = dict[str, Any]

SENDER, TARGET = "{sender}", "{target}"
"""What stands in the shape of an event for whoever acts and is acted on."""

_FORM, _SENDER, _TARGET, _SELF, _LEFT, _ENTERED, _MEMBERS = (
    "form", "sender", "target", "self", "left", "entered", "members",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Form:
    """A way to ask for an action: in words, and what the event says."""

    action: Any
    words: str
    told: Mapping[str, Any]


@dataclass(frozen=True)
class _Played:
    """The rooms of a policy in which facts are counted."""

    policy: AnyPolicy
    syntax: Syntax
    counted: Counted
    names: Sequence[str]

    @property
    def forms(self) -> list[_Form]:
        """All ways to ask for anything."""
        return [
            _Form(action, words, told) for action in self.policy.triggers for words, told in self.counted.forms(action)
        ]

    def event(self, form: _Form, sender: str, target: str) -> JSON:
        """The event that asks for an action in a way."""
        return self.syntax.write(self.policy, form.action, sender, target, **form.told)

    def dest(self, form: _Form) -> AnyState | None:
        """The state that the event names, if it does."""
        change = self.syntax.read(self.event(form, SENDER, TARGET), self.policy)
        return None if change is None else change.dest

    def room(self, states: Mapping[str, AnyState], settings: Sequence[Mapping[str, Any]]) -> AnyRoom:
        """A room in which users are in these states, after these settings."""
        listed = {user: state for user, state in states.items() if state != self.policy.initial}
        return room_from_state(self.policy, [*self.counted.state(listed, settings)])

    def digit(self, fact: str, value: Any) -> int:
        """The place of a value among those of its fact."""
        return self.policy.domain.values[fact].index(value)


def counted_data(policy: AnyPolicy, syntax: Syntax, scenario: Scenario, names: Sequence[str]) -> JSON:
    """What the page needs of it, beside people and how events are read. `names` are the facts in their order."""
    assert scenario.counted is not None
    played = _Played(policy, syntax, scenario.counted, names)
    answers: Numbered[tuple[bool, str, str | None]] = Numbered()
    return {
        "changes": [*_changes(played)],
        "settings": [
            {"words": words, "shape": {**event, "sender": SENDER}, "type": event["type"], "sets": []}
            for words, event in scenario.counted.settings.items()
        ],
        "plain": [played.digit(name, policy.domain.plain[name]) for name in names],
        "followed": [_followed(played, fact, inputs) for fact, inputs in scenario.counted.follows.items()],
        "numbers": scenario.counted.numbers,
        "members": [policy.states.index(state) for state in scenario.counted.members],
        "openings": [
            {
                "name": name,
                "log": opening.log,
                "roles": [opening.roles.get(user, scenario.stranger_role) for user in (*scenario.users, "")],
                "starts": _starts(policy, opening.log, scenario),
                "answers": [_answers(played, event, answers) for event in scenario.counted.settings.values()],
            }
            for name, opening in scenario.counted.openings.items()
        ],
        "standings": [],
        "answers": list(answers),
    }


def _changes(played: _Played) -> Iterator[JSON]:
    states = played.policy.states
    for form in played.forms:
        dest = played.dest(form)
        yield {
            "action": played.policy.triggers.index(form.action),
            "words": form.words,
            "asks": [(played.names.index(name), played.digit(name, value)) for name, value in form.told.items()],
            "dest": None if dest is None else states.index(dest),
            "shapes": [played.event(form, SENDER, TARGET)],
        }


def _starts(policy: AnyPolicy, log: Sequence[JSON], scenario: Scenario) -> list[int]:
    """Where everybody is at the start."""
    room = new_room(policy)
    for event in log:
        room.send(event)
    found = room.participations()
    return [policy.states.index(found.get(user, policy.initial)) for user in scenario.users]


def _answers(played: _Played, event: Mapping[str, Any], answers: Numbered[tuple[bool, str, str | None]]) -> list[int]:
    """By the sender's state: the number of the answer to a setting, counted from 0."""
    decisions = [played.room({SENDER: state}, ()).decide({**event, "sender": SENDER}) for state in played.policy.states]
    return [answers[each.allowed, each.reason, each.transition] - 1 for each in decisions]


def _followed(played: _Played, fact: str, inputs: Sequence[str]) -> JSON:
    """The value of a fact by what it hangs on, where it is not the plain one."""
    plain = played.digit(fact, played.policy.domain.plain[fact])
    values = {key: digit for key, digit in _values(played, fact, inputs) if digit != plain}
    return {"fact": played.names.index(fact), "inputs": list(inputs), "plain": plain, "values": values}


def _values(played: _Played, fact: str, inputs: Sequence[str]) -> Iterator[tuple[str, int]]:
    policy, settings = played.policy, [*played.counted.settings.values()]
    forms = [(number, form, played.dest(form)) for number, form in enumerate(played.forms)]
    dests: list[AnyState | None] = [*dict.fromkeys(dest for _, _, dest in forms)] if _ENTERED in inputs else [None]
    ranges: dict[str, Sequence[Any]] = {
        _SENDER: range(len(policy.states)),
        _TARGET: range(len(policy.states)),
        _SELF: (0, 1),
        **dict.fromkeys((_LEFT, _ENTERED, _MEMBERS), range(len(played.counted.numbers))),
    }
    others = [each for each in inputs if each != _FORM]
    for name in others:
        if name not in ranges:
            ranges[name] = (-1, *(place for place, event in enumerate(settings) if event["type"] == name))
    for dest, values in product(dests, product(*(ranges[name] for name in others))):
        given = dict(zip(others, values, strict=True))
        set_to = [settings[place] for name, place in given.items() if name not in _INPUTS and place >= 0]
        users, target = _users(played, given, dest)
        room = played.room(users, set_to)
        for number, form, leads in forms:
            if _ENTERED not in inputs or leads == dest:
                facts = room.facts_of(played.event(form, SENDER, target))
                if not all(is_possible(facts) for is_possible in policy.domain.possible):
                    continue  # what is refused before anybody looks
                key = ",".join(str(number if name == _FORM else given[name]) for name in inputs)
                yield key, played.digit(fact, getattr(facts, fact))


_INPUTS = frozenset({_FORM, _SENDER, _TARGET, _SELF, _LEFT, _ENTERED, _MEMBERS})


def _users(played: _Played, given: Mapping[str, int], dest: AnyState | None) -> tuple[dict[str, AnyState], str]:
    """Who is where, as is given, and who the target is."""
    states, numbers = played.policy.states, played.counted.numbers
    initial = played.policy.initial
    target = SENDER if given.get(_SELF) else TARGET
    users = {TARGET: states[given[_TARGET]] if _TARGET in given else initial}
    users |= {SENDER: states[given[_SENDER]] if _SENDER in given else initial}
    for name, state in ((_LEFT, users[target]), (_ENTERED, dest or initial), (_MEMBERS, played.counted.members[0])):
        if name in given:
            users |= {f"{name}-{place}": state for place in range(numbers[given[name]])}
    return users, target
