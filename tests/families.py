"""Random policies in miniature: states as data, destinations that events ask for, facts and guards of any kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import make_dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from hypothesis import strategies as st

from fsm import Asked, Domain, Guard, Policy, State, Transition, about
from fsm.facts import EVENT, PAIR, ROOM, SENDER, TARGET, PairFacts, Value


class Deed(StrEnum):
    """What can be asked for."""

    MOVE = "move"
    GIVE = "give"
    TAKE = "take"


class Shade(StrEnum):
    """The values of a fact that is no yes or no."""

    PALE = "pale"
    DEEP = "deep"
    DARK = "dark"


FACTS: tuple[tuple[str, Any, Any], ...] = (
    ("may_act", bool, about(SENDER, plain=False)),
    ("is_older", bool, about(PAIR, plain=False)),
    ("shade", Shade, about(ROOM, plain=Shade.DEEP)),
    ("is_loud", bool, about(EVENT, plain=False)),
    ("is_new", bool, about(TARGET, plain=True)),
)
"""What policies may know beside where users stand, whether they are one, and what is asked for."""


@cache
def record(names: frozenset[str]) -> Any:
    """A record of these facts and of those that any policy here has."""
    states = [("target", State, about(TARGET)), ("sender", State, about(SENDER)), ("wanted", State, about(EVENT))]
    facts = [fact for fact in FACTS if fact[0] in names]
    return make_dataclass("Record", [*states, *facts], bases=(PairFacts,), frozen=True, slots=True, kw_only=True)


FLAGS = ("may_act", "is_older", "is_loud", "is_self")
Record: Any = record(frozenset(("may_act", "is_older", "shade", "is_loud")))
"""One of them, for policies that are made up with rooms."""


def is_apart(facts: Any) -> bool:
    """Nobody is older than themselves."""
    return not (facts.is_self and facts.is_older)


def is_quiet(facts: Any) -> bool:
    """Where it is dark, nothing is loud."""
    return not (facts.is_loud and facts.shade is Shade.DARK)


TESTS = ((is_apart, {"is_older"}), (is_quiet, {"is_loud", "shade"}))
"""What may be impossible, and the facts that it is said of."""


def guard_of(name: str, test: Callable[[Any], bool]) -> Guard[Any]:
    """A guard of this name."""

    def asked(facts: Any) -> bool:
        return test(facts)

    asked.__name__ = name
    return Guard(asked, f"it is so that {name}", f"it is not so that {name}")


def _guards(states: Sequence[State], known: frozenset[str]) -> list[Guard[Any]]:
    """What rows can ask: one value of one fact, or the other one, or two facts at once."""
    names = ["is_self", *sorted(known - {"shade"})]
    flags = [guard_of(name, lambda facts, name=name: getattr(facts, name)) for name in names]  # type: ignore[misc]
    others = [guard_of(f"not_{name}", lambda facts, name=name: not getattr(facts, name)) for name in names]  # type: ignore[misc]
    shades = [guard_of(f"is_{shade}", lambda facts, shade=shade: facts.shade is shade) for shade in Shade]  # type: ignore[misc]
    places = [
        guard_of(f"{name}_is_{state.word}", lambda facts, name=name, state=state: getattr(facts, name) == state)  # type: ignore[misc]
        for name in ("sender", "wanted")
        for state in states[:2]
    ]
    both = guard_of("may_act_or_is_dark", lambda facts: facts.may_act or facts.shade is Shade.DARK)
    return [
        *flags,
        *others,
        *places,
        *(shades if "shade" in known else []),
        *([both] if {"may_act", "shade"} <= known else []),
    ]


@st.composite
def policies(draw: st.DrawFn, most: int = 6, least: int = 2, rows: int = 6) -> Policy[Any]:
    """A policy of so many states and rows. All rows of an action lead to the same place, so that none contradicts another."""
    words: list[str | int] = list(range(12)) if draw(st.booleans()) else [f"role {n}" for n in range(12)]
    states = tuple(State(word, f"the {word}") for word in words[: draw(st.integers(least, most))])
    known = draw(st.frozensets(st.sampled_from([fact[0] for fact in FACTS])))
    guards = _guards(states, known)
    dests: dict[Deed, Any] = {deed: draw(st.sampled_from([*states, Asked("wanted"), Asked("wanted")])) for deed in Deed}
    table = [
        Transition(
            f"row {number}",
            deed,
            draw(st.frozensets(st.sampled_from(states), min_size=1)),
            dests[deed],
            tuple(draw(st.lists(st.sampled_from(guards), max_size=3, unique=True))),
            f"{number}.1",
        )
        for number in range(draw(st.integers(1, rows)))
        for deed in [draw(st.sampled_from(Deed))]
    ]
    possible = [test for test, reads in TESTS if reads <= known]
    tests = tuple(draw(st.lists(st.sampled_from(possible), unique=True))) if possible else ()
    carries: Mapping[StrEnum, Mapping[str, tuple[Value, ...]]] = (
        {Deed.GIVE: {"is_loud": (False,)}} if "is_loud" in known and draw(st.booleans()) else {}
    )
    limits: dict[str, tuple[Value, ...]] = dict.fromkeys(("target", "sender", "wanted"), states)
    return Policy(
        "random", "At random", "a test", Domain(record(known), limits, tests), tuple(table), family="nobody",
        initial=draw(st.sampled_from(states)), precedence=draw(st.booleans()), carries=carries,
    )  # fmt: skip


def permuted(draw: st.DrawFn, policy: Policy[Any]) -> Policy[Any]:
    """The same policy with its states, its rows and the guards of each in another order."""
    states = tuple(draw(st.permutations(policy.states)))
    limits = {**policy.domain.limits, **dict.fromkeys(("target", "sender", "wanted"), states)}
    rows = [
        Transition(row.id, row.trigger, row.source, row.dest, tuple(draw(st.permutations(row.guards))), row.clause)
        for row in draw(st.permutations(policy.transitions))
    ]
    return policy.evolve(
        "random",
        domain=Domain(policy.domain.record, limits, policy.domain.possible),
        add=rows,
        drop=[row.id for row in rows],
    )
