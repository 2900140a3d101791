"""Families made up at random, each by its number: `tests.made_up:POLICY_7`, with a syntax and a scenario of its own.

States are words or numbers, and nobody may be barred; changes name their actions, targets and destinations in one
of several places; there may be a creation, a reason, facts that events tell, settings that decide what senders may do.
"""

import sys
from functools import cache
from random import Random
from typing import Any

from fsm import (
    Asked,
    Decision,
    Display,
    Domain,
    Family,
    Opening,
    Policy,
    Scenario,
    State,
    Step,
    Syntax,
    SyntaxRoom,
    Tone,
    Transition,
    law,
    room_law,
)
from tests.families import FLAGS, Deed, Record, Shade, guard_of, is_apart

USERS = ("uma", "vic", "wyn")
NAMES = ("moss", "fern", "reed", "sage", "iris")


def __getattr__(name: str) -> Any:
    kind, _, number = name.partition("_")
    if kind not in ("POLICY", "FAMILY", "OTHER") or not number.isdecimal():
        raise AttributeError(name)
    policy, family = made(int(number))
    return {"POLICY": policy, "FAMILY": family, "OTHER": family.policies[-1]}[kind]


@law("Whatever happens, happens to somebody", clause="9.1", reads=("is_self",))
def somebody_is_meant(_: str, facts: Any, decision: Decision) -> bool:
    """It holds always."""
    return facts.target is not None and decision.before is not None


@room_law("Everybody is somewhere", source="9.2")
def everybody_is_somewhere(step: Step) -> bool:
    """It holds always."""
    return None not in step.after.states.values()


@cache
def made(number: int) -> tuple[Policy[Any], Family]:
    """A policy and its family."""
    random = Random(number)  # noqa: S311 - an example, and no secret
    policy = _policy(random, number)
    other = (
        policy.evolve(f"other-{number}", drop=[policy.transitions[-1].id]) if len(policy.transitions) > 1 else policy
    )
    syntax, creation = _syntax(random, number)
    room = _room(random, policy, syntax)
    first = {"type": creation or "wood.shade", "sender": "uma", "state_key": "", "content": {}}
    settings = {f"it is {shade}": _set("wood.shade", shade=shade.value) for shade in Shade}
    assignments = tuple((_set("wood.power", user, has=True),) for user in USERS)
    ages = tuple((_set("wood.age", user, years=years),) for user, years in (("vic", 3), ("wyn", 7)))
    family = Family(
        id=f"wood-{number}",
        policies=(policy,) if other is policy else (policy, other),
        room=room,
        syntax=syntax,
        scenario=Scenario(
            users={user: user.title() for user in USERS},
            strangers=("xan", "yve"),
            openings={"it begins": Opening((first,), {"uma": "the first"})},
            settings=settings if random.random() < 0.7 else {},
            assignments=(*assignments, *ages) if random.random() < 0.8 else (),
        ),
        laws=(somebody_is_meant, everybody_is_somewhere),
        words={"move": "walk", "may_act": "has the power"} if random.random() < 0.5 else {"wanted": "the aim"},
    )
    return policy, family


def _set(kind: str, key: str = "", **content: Any) -> dict[str, Any]:
    return {"type": kind, "sender": "uma", "state_key": key, "content": content}


def _policy(random: Random, number: int) -> Policy[Any]:
    count, are_numbers = random.randint(2, 5), random.random() < 0.5
    states = tuple(State(place * 2 if are_numbers else f"{name}y", name) for place, name in enumerate(NAMES[:count]))
    flags = [guard_of(name, lambda facts, name=name: getattr(facts, name)) for name in FLAGS]  # type: ignore[misc]
    dark = guard_of("it_is_dark", lambda facts: facts.shade is Shade.DARK)
    first = guard_of("sender_is_at_the_first", lambda facts: facts.sender == states[0])
    rows, taken = [], set[tuple[Deed, State]]()
    deeds: dict[Deed, Any] = {deed: random.choice([*states, Asked("wanted"), Asked("wanted")]) for deed in Deed}
    for place in range(random.randint(2, 6)):
        deed = random.choice([*Deed])
        sources = {state for state in random.sample(states, random.randint(1, count)) if (deed, state) not in taken}
        taken |= {(deed, state) for state in sources}
        guards = tuple(random.sample([*flags, dark, first], random.randint(0, 2)))
        if sources:
            rows.append(Transition(f"row_{place}", deed, sources, deeds[deed], guards, f"{place}.1"))
    tones = [Tone.OUTSIDE, *random.choices([Tone.PLAIN, Tone.MEMBER, Tone.BARRED], k=count - 1)]
    return Policy(
        f"wood-{number}", f"The wood {number}", "a test",
        Domain(Record, dict.fromkeys(("target", "sender", "wanted"), states), (is_apart,)), tuple(rows),
        family=f"tests.made_up:FAMILY_{number}", action_key="deed", initial=random.choice(states),
        carries={Deed.GIVE: {"is_loud": (False,)}} if random.random() < 0.5 else {},
        displays={state: Display(tone=tone) for state, tone in zip(states, tones, strict=True)} if random.random() < 0.7 else {},
    )  # fmt: skip


def _syntax(random: Random, number: int) -> tuple[Syntax, str | None]:
    creation = random.choice([None, "wood.begin"])
    syntax = Syntax(
        title=f"Wood {number}",
        changes=random.choice([("wood.change",), ("wood.change", "wood.old_change")]),
        action=random.choice(["content.deed", "content.what.deed"]),
        target=random.choice(["state_key", "content.whom"]),
        destination=random.choice(["content.aim", "content.what.aim"]),
        facts={"is_loud": "content.loud"} if random.random() < 0.6 else {},
        reason=random.choice([None, "content.why"]),
        creation=creation,
        users=random.choice(["", "^[a-z0-9]+$"]),
    )
    return syntax, creation


def _room(random: Random, policy: Policy[Any], syntax: Syntax) -> type[SyntaxRoom]:
    everybody_sets = syntax.creation is None or random.random() < 0.5

    def facts_between(self: Any, sender: str, target: str) -> dict[str, Any]:
        def years(user: str) -> int:
            told = self.settings.get(("wood.age", user), {}).get("years", 5)
            return told if type(told) is int else 5

        shade = self.settings.get(("wood.shade", ""), {}).get("shade")
        return {
            "may_act": self.settings.get(("wood.power", sender), {}).get("has") is True,
            "is_older": years(sender) > years(target),
            "shade": next((each for each in Shade if each.value == shade), Shade.DEEP),
        }

    def refusal(self: Any, event: Any) -> str:
        return "" if everybody_sets or self.participation(event.sender) == self.creator_state else "only some may"

    name = f"Wood{policy.id.removeprefix('wood-')}"
    made_room = type(name, (SyntaxRoom,), {
        "__slots__": (), "__module__": __name__, "syntax": syntax, "creator_state": random.choice(policy.states),
        "facts_between": facts_between, "refusal": refusal,
    })  # fmt: skip
    setattr(sys.modules[__name__], name, made_room)  # where pickles find it
    return made_room
