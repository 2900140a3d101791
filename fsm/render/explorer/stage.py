"""The room that people play in, as data: who stands how to whom, and what comes of every setting.

Theory of operation. Where everybody is changes as people play, and the page keeps
count of that. What anybody may do, and whom they outrank, does not change, as roles
stay as the opening deals them. So real rooms are asked beforehand: for every
opening and every pair of people, the facts of a change between them; and for
everybody, wherever they are, whether they can change a setting. The page looks both
up, and what a change leads to stands in the table of decisions.

What one user can do who has no role, anybody else can: two strangers stand for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import Any, Protocol, TypeAlias

from fsm.family import AnyPolicy, AnyRoom
from fsm.policies import new_room, room_from_state
from fsm.render.explorer.table import Numbered

JSON: TypeAlias = dict[str, Any]
Log: TypeAlias = Sequence[JSON]

SENDER, TARGET = "{sender}", "{target}"
"""What stands in the shape of an event for whoever acts and is acted on."""


class AnyOpening(Protocol):
    """A way in which a room begins."""

    @property
    def log(self) -> Log:
        """The events."""

    @property
    def roles(self) -> Mapping[str, str]:
        """Who is then what, in words, by user id."""


class AnyStage(Protocol):
    """A room to play in, whatever the family (see `fsm.mimi.stage`)."""

    @property
    def people(self) -> Mapping[str, str]:
        """What those are called who take part, by user id."""

    @property
    def strangers(self) -> tuple[str, str]:
        """Two users who stand for everybody not named."""

    @property
    def stranger_role(self) -> str:
        """What everybody is who has no role, in words."""

    @property
    def users(self) -> tuple[str, int]:
        """What a user id looks like, as a pattern that Python and JavaScript know, and the most bytes that it has."""

    @property
    def openings(self) -> Mapping[str, AnyOpening]:
        """The ways in which the room begins, by what they are called."""

    @property
    def extras(self) -> Mapping[str, str]:
        """By path, what an event may hold beyond its shape and still be the same question.

        `text`: a string; `name`: one that is not empty; `never`: it is another question then.
        Other things make no difference, at the top of an event and in its content.
        """

    @property
    def decisive(self) -> frozenset[str]:
        """The event types after which anybody may do something else than the opening says."""

    def changes(self, action: str, sender: str, target: str) -> Log:
        """A participation change in every way in which it can be written, the one to write first."""

    def settings(self, sender: str) -> Mapping[str, JSON]:
        """What somebody can set the room to, by what that is called."""

    def facts(self, room: Any, change: JSON) -> Any:
        """The facts under which the room would judge a participation change."""


def stage_of(policy: AnyPolicy) -> AnyStage | None:
    """The room to play in of the policy's family; None when it offers none."""
    try:
        spec = find_spec(f"{policy.family}.stage")
    except ModuleNotFoundError:  # the family itself
        spec = None
    if spec is None:
        return None
    stage: AnyStage = import_module(spec.name).Stage(policy)
    return stage


@dataclass(frozen=True, slots=True)
class _Scene:
    """The room once an opening has been sent, all of which was allowed."""

    policy: AnyPolicy
    stage: AnyStage
    name: str
    opening: AnyOpening

    def room(self) -> AnyRoom | None:
        """Such a room anew; None when the policy refuses the opening."""
        room = new_room(self.policy)
        return room if all(room.send(event) for event in self.opening.log) else None

    def room_with(self, user: str, state: str) -> AnyRoom:
        """The room, but with a user in this state."""
        change = self.stage.changes(state, user, user)[0]
        events = {(event["type"], event.get("state_key")): event for event in [*self.opening.log, change]}
        return room_from_state(self.policy, list(events.values()))

    def facts(self, room: AnyRoom | None, action: str, sender: str, target: str) -> Any:
        """The facts of a change in such a room."""
        return self.stage.facts(room, self.stage.changes(action, sender, target)[0])


def stage_data(policy: AnyPolicy, names: Sequence[str]) -> JSON | None:
    """The policy's room for the page; None when there is none. `names` are the facts in the order of the table."""
    stage = stage_of(policy)
    if stage is None:
        return None
    scenes = [_Scene(policy, stage, name, opening) for name, opening in stage.openings.items()]
    scenes = [scene for scene in scenes if scene.room()]
    if not scenes:
        return None
    sets = {words: _sets(scenes, names, words) for words in stage.settings(SENDER)}
    settings = [words for words, places in sets.items() if places]
    standings: Numbered[tuple[int, ...]] = Numbered()
    answers: Numbered[tuple[bool, str]] = Numbered()
    return {
        "user": dict(zip(("pattern", "bytes"), stage.users, strict=True)),
        "people": [{"user": user, "name": name} for user, name in stage.people.items()],
        "changes": [stage.changes(action, SENDER, TARGET) for action in policy.triggers],
        "settings": [
            {"words": words, "shape": stage.settings(SENDER)[words], "sets": list(sets[words].items())}
            for words in settings
        ],
        "extras": stage.extras,
        "decisive": sorted(stage.decisive),
        "openings": [
            {
                "name": scene.name,
                "log": scene.opening.log,
                "roles": [scene.opening.roles.get(user, stage.stranger_role) for user in (*stage.people, "")],
                "pairs": [_pairs(scene, action, names, standings) for action in policy.triggers],
                "answers": [_answers(scene, words, answers) for words in settings],
            }
            for scene in scenes
        ],
        "standings": list(standings),
        "answers": list(answers),
    }


def _pairs(scene: _Scene, action: str, names: Sequence[str], standings: Numbered[tuple[int, ...]]) -> list[list[int]]:
    """By sender and target: the number of the facts of a change between them, counted from 0."""
    users = [*scene.stage.people, *scene.stage.strangers]
    room = scene.room()
    facts = ([scene.facts(room, action, sender, target) for target in users] for sender in users)
    return [[standings[_digits(scene.policy, names, each)] - 1 for each in row] for row in facts]


def _answers(scene: _Scene, words: str, answers: Numbered[tuple[bool, str]]) -> list[list[int]]:
    """By sender and the sender's state: the number of the answer to their change of a setting, counted from 0."""
    users = [*scene.stage.people, scene.stage.strangers[0]]
    numbers = []
    for user in users:
        event = scene.stage.settings(user)[words]
        decisions = [scene.room_with(user, state).decide(event) for state in scene.policy.states]
        numbers.append([answers[decision.allowed, decision.reason] - 1 for decision in decisions])
    return numbers


def _sets(scenes: Sequence[_Scene], names: Sequence[str], words: str) -> dict[int, int]:
    """What a setting decides, whatever was set before: the places of the facts, and those of their values."""
    found: dict[int, int] = {}
    action = scenes[0].policy.triggers[0]
    for scene, user in product(scenes, scenes[0].stage.people):
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
