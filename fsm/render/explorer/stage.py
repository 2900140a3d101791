"""The room that people play in, as data: who stands how to whom, and what comes of every setting.

Theory of operation. Where everybody is changes as people play, and the page keeps
count of that. What else is a fact about two people does not change, as roles stay as
the opening deals them, or follows from where the two are. So real rooms are asked
beforehand: for every opening and every pair of people, the facts of a change between
them, by where they are if need be; and for
everybody, wherever they are, whether they can change a setting. The page looks both
up, and what a change leads to stands in the table of decisions.

What one user can do who has no role, anybody else can: two strangers stand for all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any, TypeAlias

from fsm.facts import Value, spell
from fsm.family import AnyPolicy, AnyRoom
from fsm.policies import new_room, place_of, room_from_state, scenario_of, syntax_of
from fsm.render.explorer.counted import SENDER, TARGET, counted_data
from fsm.render.explorer.table import Numbered
from fsm.scenario import Opening, Scenario
from fsm.state import AnyState
from fsm.syntax import Syntax
from fsm.unrecorded import unrecorded

JSON: TypeAlias = dict[str, Any]
Log: TypeAlias = Sequence[JSON]
_Answer: TypeAlias = tuple[bool, str, str | None]
"""Whether a setting may be changed, why not, and by which rule."""

NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stage:
    """A policy, how its events are written, and who takes part in its room."""

    policy: AnyPolicy
    syntax: Syntax
    scenario: Scenario

    @property
    def users(self) -> tuple[str, ...]:
        """Everybody who is named, and two who are not."""
        return (*self.scenario.users, *self.scenario.strangers)

    @property
    def decisive(self) -> frozenset[str]:
        """The event types after which anybody may do something else than the opening says."""
        scenario, syntax = self.scenario, self.syntax
        rooms = scenario.counted or scenario
        logs = (*scenario.assignments, *(opening.log for opening in rooms.openings.values()))
        types = {event["type"] for log in (*logs, tuple(rooms.settings.values())) for event in log}
        return frozenset((*types, *((syntax.creation,) if syntax.creation else ()))) - {*syntax.changes}

    def changes(self, action: str, sender: str, target: str, told: Mapping[str, Value] = NOTHING) -> list[JSON]:
        """A change in every way in which it can be written, the one to write first."""
        event = self.syntax.write(self.policy, action, sender, target, **told)
        return [{**event, "type": event_type} for event_type in self.syntax.changes]

    def placed(self, user: str, state: AnyState) -> JSON | None:
        """An event which, taken as it stands, puts a user into a state; None where none does."""
        for action in self.policy.triggers:
            for told in self.syntax.forms(self.policy, action):
                event = self.syntax.write(self.policy, action, user, user, **told)
                change = self.syntax.read(event, self.policy)
                if change is not None and change.dest == state:
                    return event
        return None

    def settings(self, sender: str) -> Mapping[str, JSON]:
        """What somebody can set the room to, by what that is called."""
        return {words: {**event, "sender": sender} for words, event in self.scenario.settings.items()}


@dataclass(frozen=True, slots=True)
class _Scene:
    """The room once an opening has been sent, all of which was allowed."""

    policy: AnyPolicy
    stage: Stage
    name: str
    opening: Opening

    def room(self) -> AnyRoom | None:
        """Such a room anew; None when the policy refuses the opening."""
        room = new_room(self.policy)
        return room if all(room.send(event) for event in self.opening.log) else None

    def room_with(self, states: Mapping[str, AnyState]) -> AnyRoom:
        """The room, but with users in these states, as far as events can say so."""
        changes = filter(None, (self.stage.placed(user, state) for user, state in states.items()))
        events = {place_of(self.policy, event): event for event in [*self.opening.log, *changes]}
        events.pop(None, None)
        return room_from_state(self.policy, list(events.values()))

    def facts(self, room: AnyRoom | None, action: str, sender: str, target: str) -> Any:
        """The facts of a change in such a room."""
        assert room is not None
        return room.facts_of(self.stage.changes(action, sender, target)[0])


def stage_of(policy: AnyPolicy) -> Stage | None:
    """The room of a policy that people play in; None when its family offers none."""
    scenario = scenario_of(policy)
    return None if scenario is None else Stage(policy, syntax_of(policy), scenario)


@unrecorded()
def stage_data(policy: AnyPolicy, names: Sequence[str]) -> JSON | None:
    """The policy's room for the page; None when there is none. `names` are the facts in the order of the table."""
    stage = stage_of(policy)
    if stage is None:
        return None
    syntax, scenario = stage.syntax, stage.scenario
    common = {
        "user": {"pattern": syntax.users, "bytes": syntax.longest_user},
        "people": [{"user": user, "name": name} for user, name in scenario.users.items()],
        "extras": {**syntax.optional, **({syntax.reason: "text"} if syntax.reason else {})},
        "takesMore": syntax.takes_more,
        "decisive": sorted(stage.decisive),
    }
    if scenario.counted is not None:
        return common | counted_data(policy, syntax, scenario, names)
    scenes = [_Scene(policy, stage, name, opening) for name, opening in scenario.shown.items()]
    scenes = [scene for scene in scenes if scene.room()]
    if not scenes:
        return None
    sets = {words: _sets(scenes, names, words) for words in stage.settings(SENDER)}
    settings = [words for words, places in sets.items() if places]
    standings: Numbered[tuple[int, ...]] = Numbered()
    answers: Numbered[_Answer] = Numbered()
    return common | {
        "changes": [*_changes(stage, names)],
        "settings": [
            {"words": words, "shape": stage.settings(SENDER)[words], "sets": list(sets[words].items())}
            for words in settings
        ],
        "openings": [
            {
                "name": scene.name,
                "log": scene.opening.log,
                "roles": [scene.opening.roles.get(user, scenario.stranger_role) for user in (*scenario.users, "")],
                "pairs": [_pairs(scene, action, names, standings) for action in policy.triggers],
                "answers": [_answers(scene, words, answers) for words in settings],
            }
            for scene in scenes
        ],
        "standings": list(standings),
        "answers": list(answers),
    }


def _changes(stage: Stage, names: Sequence[str]) -> Iterator[JSON]:
    """Every form in which a change can be asked for: the action, and the places of what else the event says."""
    policy = stage.policy
    for place, action in enumerate(policy.triggers):
        for told in stage.syntax.forms(policy, action):
            yield {
                "action": place,
                "words": " ".join((action.value, *map(spell, told.values()))),
                "asks": [(names.index(name), policy.domain.values[name].index(told[name])) for name in told],
                "shapes": stage.changes(action, SENDER, TARGET, told),
            }


def _pairs(scene: _Scene, action: str, names: Sequence[str], standings: Numbered[tuple[int, ...]]) -> list[list[Any]]:
    """By sender and target: the number of the facts of a change between them, counted from 0.

    Where these follow from where the two stand, it is followed by their numbers by the states of both.
    """
    users = scene.stage.users
    room = scene.room()

    def number(there: AnyRoom | None, sender: str, target: str) -> int:
        return standings[_digits(scene.policy, names, scene.facts(there, action, sender, target))] - 1

    def between(sender: str, target: str) -> Any:
        start = number(room, sender, target)
        if not scene.stage.scenario.follows_states:
            return start
        states = scene.policy.states
        return [start, *(
            [number(scene.room_with({sender: one, target: other}), sender, target) for other in states]
            for one in states
        )]  # fmt: skip

    return [[between(sender, target) for target in users] for sender in users]


def _answers(scene: _Scene, words: str, answers: Numbered[_Answer]) -> list[list[int]]:
    """By sender and the sender's state: the number of the answer to their change of a setting, counted from 0."""
    users = scene.stage.users[:-1]
    numbers = []
    for user in users:
        event = scene.stage.settings(user)[words]
        decisions = [scene.room_with({user: state}).decide(event) for state in scene.policy.states]
        numbers.append([answers[each.allowed, each.reason, each.transition] - 1 for each in decisions])
    return numbers


def _sets(scenes: Sequence[_Scene], names: Sequence[str], words: str) -> dict[int, int]:
    """What a setting decides, whatever was set before: the places of the facts, and those of their values."""
    found: dict[int, int] = {}
    action = scenes[0].policy.triggers[0]
    for scene, user in product(scenes, scenes[0].stage.scenario.users):
        settings = scene.stage.settings(user)
        for earlier in settings.values():
            room = scene.room()
            if room and room.send(earlier):
                before = _digits(scene.policy, names, scene.facts(room, action, user, user))
                room.send(settings[words])
                after = _digits(scene.policy, names, scene.facts(room, action, user, user))
                found |= {place: digit for place, digit in enumerate(after) if digit != before[place]}
    return found


def _digits(policy: AnyPolicy, names: Sequence[str], facts: Any) -> tuple[int, ...]:
    """The place of each fact's value among the values that it can have."""
    return tuple(policy.domain.values[name].index(getattr(facts, name)) for name in names)
