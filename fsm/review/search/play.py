"""The events from which small rooms of a policy are built, worked out from its family's syntax and scenario."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice, product
from typing import Any

from fsm.errors import DefinitionError
from fsm.family import AnyPolicy
from fsm.loading import running
from fsm.policies import scenario_of, syntax_of
from fsm.scenario import LEAST_USERS, Log, Scenario


class Play:
    """What happens in small rooms of a policy."""

    def __init__(self, policy: AnyPolicy, scenario: Scenario) -> None:
        self._policy = policy
        self._scenario = scenario
        self._syntax = syntax_of(policy)
        self._asked: dict[str, Log] = {}
        self.users = tuple(islice(scenario.users, LEAST_USERS))
        self.openings = scenario.searched
        self.corner_cases = scenario.corner_cases
        self.compared = scenario.compared
        self.is_assigned_first = scenario.is_assigned_first

    @cached_property
    def turns(self) -> Log:
        """Every event that moves somebody or sets the room to something."""
        moves = (
            event
            for sender, target in product(self.users, repeat=2)
            for action in self._policy.triggers
            for event in self._forms(action, sender, target)
        )
        return (*self._scenario.moves, *moves, *map(self._named, self._scenario.settings.values()))

    @cached_property
    def assignments(self) -> tuple[Log, ...]:
        """The logs that decide what a sender may do, shortest first."""
        return tuple(sorted(self._scenario.assignments, key=len))

    def questions(self, action: str) -> Log:
        """Every form in which an action can be asked for, each by one event. Raises what the scenario's variants do."""
        if action not in self._asked:
            pairs = product(self.users, repeat=2)
            plain = tuple(event for pair in pairs for event in self._forms(action, *pair))
            self._asked[action] = (*plain, *self._variants(action, plain))
        return self._asked[action]

    def _variants(self, action: str, plain: Log) -> Log:
        variants = self._scenario.variants
        if variants is None:
            return ()
        with running(f"policy `{self._policy.id}`: the `variants` of its scenario fail", DefinitionError):
            return tuple(variants(action, plain))

    def concerned(self, event: Mapping[str, Any]) -> list[int]:
        """The places in `users` of those by whose states, with the settings, an event is judged."""
        if self._scenario.concerned is None:
            return [*range(len(self.users))]
        concerned = {*self._scenario.concerned(event)}
        return [place for place, user in enumerate(self.users) if user in concerned]

    def facts(self, room: Any, question: Mapping[str, Any]) -> Any:
        """The facts under which the room would judge a question."""
        return room.facts_of(question)

    def _forms(self, action: str, sender: str, target: str) -> Iterator[dict[str, Any]]:
        """The action as the syntax writes it, in every form."""
        for told in self._syntax.forms(self._policy, action):
            yield self._named(self._syntax.write(self._policy, action, sender, target, **told))

    def _named(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event, which names the room if events of the scenario do."""
        room_id = {} if self._scenario.room_id is None else {"room_id": self._scenario.room_id}
        return {"type": event["type"], **room_id, **event}


def play_of(policy: AnyPolicy) -> Play | None:
    """The events from which small rooms of this policy are built; None when its family offers none."""
    return policy.derived(_play)


def _play(policy: AnyPolicy) -> Play | None:
    scenario = scenario_of(policy)
    return None if scenario is None else Play(policy, scenario)
