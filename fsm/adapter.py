"""What the tools ask of a family, worked out from its `Family`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from functools import cached_property
from itertools import islice, product
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.facts import Value
from fsm.family import AnyPolicy, AnyRoom, Family
from fsm.scenario import LEAST_USERS, Log, Opening

JSON: TypeAlias = dict[str, Any]


class Play:
    """The events from which small rooms of a policy are built."""

    goes_on = False
    """Assignments do not depend on where users stand."""

    gatherings: tuple[Log, ...] = ()

    def __init__(self, family: Family, policy: AnyPolicy) -> None:
        self._family = family
        self._policy = policy
        self.users = tuple(islice(family.scenario.users, LEAST_USERS))
        self._asked: dict[str, Log] = {}

    @cached_property
    def openings(self) -> tuple[Log, ...]:
        """The ways in which a room begins that searches begin with."""
        first, *others = self._family.scenario.openings.values()
        return (first.log, *(opening.log for opening in others if opening.searched))

    @cached_property
    def turns(self) -> Log:
        """Every event that moves somebody or sets the room to something."""
        moves = (question for action in self._policy.triggers for question in self.questions(action))
        return (*moves, *map(dict, self._family.scenario.settings.values()))

    @property
    def castings(self) -> tuple[Log, ...]:
        """The logs that decide what a sender may do, shortest first."""
        return tuple(sorted(self._family.scenario.assignments, key=len))

    @property
    def riddles(self) -> tuple[Log, ...]:
        """Whole logs to rooms in which it is easily misread what everybody may do."""
        return self._family.scenario.corner_cases

    def questions(self, action: str) -> Log:
        """Every form in which an action can be asked for, each by one event."""
        if action not in self._asked:
            syntax = self._family.syntax
            self._asked[action] = tuple(
                syntax.write(self._policy, action, sender, target, **told)
                for sender, target in product(self.users, repeat=2)
                for told in syntax.forms(self._policy, action)
            )
        return self._asked[action]

    def facts(self, room: Any, question: Mapping[str, Any]) -> Any:
        """The facts under which the room would judge a question."""
        return room.facts_of(question)


class Stage:
    """The room that people play in."""

    follows_states = True
    takes_more = False

    def __init__(self, family: Family, policy: AnyPolicy) -> None:
        self._family = family
        self._policy = policy
        self.people: Mapping[str, str] = family.scenario.users
        self.strangers = family.scenario.strangers
        self.stranger_role = family.scenario.stranger_role
        self.users = family.syntax.users, family.syntax.longest_user
        self.extras = {**family.syntax.optional, family.syntax.reason: "text"}

    @property
    def openings(self) -> Mapping[str, Opening]:
        """The ways in which the room begins, by what they are called."""
        return self._family.scenario.openings

    @property
    def decisive(self) -> frozenset[str]:
        """The event types after which anybody may do something else than the opening says."""
        creation = self._family.syntax.creation
        assigned = {event["type"] for log in self._family.scenario.assignments for event in log}
        return frozenset((*assigned, *([creation] if creation else ()))) - {*self._family.syntax.changes}

    def forms(self, action: str) -> Iterator[Mapping[str, Value]]:
        """The facts about the event in every way in which an action can be asked for."""
        return self._family.syntax.forms(self._policy, action)

    def changes(self, action: str, sender: str, target: str, told: Mapping[str, Value] | None = None) -> Log:
        """A change in every way in which it can be written, the one to write first."""
        event = self._family.syntax.write(self._policy, action, sender, target, **(told or {}))
        return tuple({**event, "type": event_type} for event_type in self._family.syntax.changes)

    def placed(self, user: str, state: Any) -> JSON | None:
        """An event which, taken as it stands, puts a user into a state; None where none does."""
        for action in self._policy.triggers:
            for told in self.forms(action):
                (event, *_) = self.changes(action, user, user, told)
                change = self._family.syntax.read(event, self._policy)
                if change is not None and change.dest == state:
                    return event
        return None

    def settings(self, sender: str) -> Mapping[str, JSON]:
        """What somebody can set the room to, by what that is called."""
        return {words: {**event, "sender": sender} for words, event in self._family.scenario.settings.items()}

    def facts(self, room: Any, change: Mapping[str, Any]) -> Any:
        """The facts under which the room would judge a change."""
        return room.facts_of(change)


class Boards:
    """The rooms that are played through."""

    removals: tuple[str, ...] = ()

    def __init__(self, family: Family, policy: AnyPolicy) -> None:
        self._play = Play(family, policy)
        self._attempts = family.scenario.attempts
        self.users = self._play.users

    @property
    def all(self) -> tuple[tuple[Log, Log, Log], ...]:
        """Each an opening, what is done from there in every order, and what is only tried."""
        return tuple((opening, self._play.turns, self._attempts) for opening in self._play.openings)

    def permissions(self, room: AnyRoom, user: str) -> frozenset[str]:  # noqa: ARG002 - as the tools ask any family
        """None: what somebody may do are facts."""
        return frozenset()

    def rank(self, room: AnyRoom, user: str) -> int:  # noqa: ARG002
        """None."""
        return 0

    def can_be_mended(self, room: AnyRoom) -> bool:  # noqa: ARG002
        """No permissions are dealt."""
        return False

    def grants(self, settings: Any, user: str) -> frozenset[str]:  # noqa: ARG002
        """None."""
        return frozenset()

    def needs(self, event: Mapping[str, Any], settings: Any) -> frozenset[str]:  # noqa: ARG002
        """None."""
        return frozenset()

    def height(self, event: Mapping[str, Any], settings: Any) -> int | None:  # noqa: ARG002
        """None."""
        return None

    def is_simple(self, event: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Nothing is told of who may send what."""
        return False

    def contradicts(self, event: Mapping[str, Any], settings: Any) -> bool:  # noqa: ARG002
        """Nothing is told of what fits together."""
        return False

    def removal(self, action: str, sender: str, target: str) -> JSON:
        """No change is known to remove anybody."""
        raise NotImplementedError


_ASK = -1
"""In place of a rule: the room has to be asked itself."""


class ColumnRoom:
    """A room that is asked about every event, and mirrors its states in those of columnar replay."""

    rule = _ASK
    others: tuple[int, ...] = (0,)

    def __init__(self, room: Any, family: Family, states: MutableMapping[str, Any]) -> None:
        self._room = room
        self._syntax = family.syntax
        self._states = states

    def hear(self, event: Callable[[], Any], fields: Mapping[str, Any] | None = None) -> Decision:  # noqa: ARG002 - for others
        """Decide, and apply the event when it is allowed. Raises `EventError`."""
        value = event()
        decision: Decision = self._room.send(value)
        if decision.allowed:
            self._mirror(value)
        return decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands. Raises `EventError`."""
        self._room.take(event)
        self._mirror(event)

    def note(self, event: Mapping[str, Any]) -> None:
        """Find what is wrong with a message that nobody judged. Raises `EventError`."""
        self._room.note(event)

    def new_powers(self) -> Mapping[str, tuple[int, ...] | None]:
        """None: the room is asked."""
        return {}

    def _mirror(self, event: Mapping[str, Any]) -> None:
        """Take over where users stand after an event: of a change the target, else everybody."""
        states = self._room.participations()
        target = self._syntax.target_of(event) if event["type"] in self._syntax.changes else None
        initial = self._room.policy.initial
        moved = {target: states.get(target, initial)} if target is not None else states
        for user, state in moved.items():
            if self._states.get(user, initial) != state:
                self._states[user] = state


class Columns:
    """A family's events as columnar replay sees them: none is a look-up, its room judges each."""

    types: frozenset[str] = frozenset()
    past_words: tuple[bytes, ...] = ()
    ranks: tuple[int, ...] = ()
    join_rules: tuple[str, ...] = ()

    def __init__(self, family: Family, policy: AnyPolicy) -> None:
        self._family = family
        self._policy = policy
        self.initial = policy.initial
        self.is_self = policy.domain.weights["is_self"][True]
        self.is_user = family.syntax.is_user

    def room(self, room_id: str | None, states: MutableMapping[str, Any]) -> ColumnRoom:
        """A room that nobody has created yet, and that keeps participation in `states`, too."""
        return ColumnRoom(self._family.room(room_id, policy=self._policy), self._family, states)

    def read(self, event: Mapping[str, Any]) -> None:
        """No event is a look-up."""

    def write(self, sender: str | None, target: str | None, action: str) -> JSON:
        """The event that asks for a change, of which a history names no more than this."""
        event = self._family.syntax.write(self._policy, action, sender or "", target or "")
        return event | ({"sender": None} if sender is None else {})

    def looks_back(self, event: Mapping[str, Any]) -> bool:  # noqa: ARG002 - as columnar replay asks any family
        """Rooms judge by their state."""
        return False

    def says_more(self, event: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """No event is a look-up."""
        return False

    def opening(self, creator: str, moderators: Iterable[str], join_rule: str) -> list[JSON]:
        """Not asked: histories of such families are played (`fsm.bulk.played`)."""
        raise NotImplementedError

    def appoint(self, creator: str, moderators: Iterable[str]) -> JSON:
        """Not asked."""
        raise NotImplementedError

    def change_rule(self, creator: str, join_rule: str) -> JSON:
        """Not asked."""
        raise NotImplementedError
