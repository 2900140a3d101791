"""Who answers beside us, and that they answer as we do: for every cell of the policy, before their time counts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from benchmarks.clock import Loop, Stream
from benchmarks.workload import Event, MimiWorkload
from fsm import MIMI, Facts, Machine

P = TypeVar("P")

Answer: TypeAlias = Callable[[P, Event], object]
"""From the facts in a peer's own form, and the event, to whether it is allowed."""


class WrongVerdictsError(Exception):
    """A peer decides otherwise, so its time means nothing."""


@dataclass(frozen=True)
class Peer(Generic[P]):
    """Somebody else who answers. `distribution` is the package that does it, if any.

    `prepare` gives the facts the form that the peer reads them in; that is no part of its time.
    """

    name: str
    distribution: str | None
    make: Callable[[], Answer[P]]
    prepare: Callable[[Facts], P]
    rounds: int

    def stream(self, workload: MimiWorkload) -> Stream:
        """The changes of the day, with all facts at hand. Raises `WrongVerdictsError`."""
        answer = self.make()
        self._check(answer)
        prepared = {pair: self.prepare(facts) for pair, facts in workload.facts.items()}
        return Stream(partial(_loop, answer, prepared), workload.lines())

    def _check(self, answer: Answer[P]) -> None:
        machine = Machine(MIMI)
        wrong = sum(
            bool(answer(self.prepare(facts), _event(action.value))) is not machine.decide(action, facts).allowed
            for action, facts in MIMI.cells()
        )
        if wrong:
            raise WrongVerdictsError(f"{self.name}: {wrong} verdicts differ from ours")


def _loop(answer: Answer[P], prepared: dict[tuple[str, str], P]) -> Loop:
    def loop(events: Any) -> None:
        for event in events:
            answer(prepared[event["sender"], event["state_key"]], event)

    return loop


def _event(action: str) -> Event:
    return {"sender": "@ann:hub.example", "state_key": "@bob:hub.example", "content": {"participation": action}}


def facts_themselves(facts: Facts) -> Facts:
    """For who reads the facts as they are."""
    return facts
