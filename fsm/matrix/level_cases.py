"""Events that set power levels, first or later ones: what each of the rules on levels asks, for every room version."""

from collections.abc import Callable, Iterator
from typing import Any

from fsm.matrix.case_room import JSON, LEVELS, TOPIC, CaseRoom, of_any, of_senders
from fsm.matrix.level_permits import (
    creators_are_not_listed,
)
from fsm.matrix.levels import LISTED, NAMED, Numbers
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.scenario import ALICE, BOB, CAROL, DAN
from fsm.matrix.settings import POWER_LEVELS, Founder, Reign
from fsm.scenario import EventCase


def on_levels(room: CaseRoom) -> Iterator[EventCase]:
    """The cases of levels."""
    yield from _on_first_levels(room)
    yield from _on_later_levels(room)


def _on_first_levels(room: CaseRoom) -> Iterator[EventCase]:
    """Levels in a room that has none, by Bob where he can be a creator: else nobody but Alice has the power."""
    policy = room.policy
    creation: JSON = {"creator": BOB} if policy.founder is Founder.CONTENT else {}
    if policy.reign is Reign.SUPREME:
        creation = {"additional_creators": [BOB]}
    sender = BOB if creation else ALICE
    first = room.event(POWER_LEVELS, sender, {"users": {DAN: 100}, "ban": 100}, "")
    for case in of_any(room, first, levels=None, creation=creation):
        yield EventCase(f"first, {case.words}", case.state, case.event, case.events)
    now = room.state(levels=None, creation=creation)

    def with_content(words: str, content: JSON) -> EventCase:
        return EventCase(f"first, {words}", now, {**first, "content": content})

    yield EventCase("first, state key is another user", now, {**first, "state_key": CAROL})
    yield EventCase("first, sender is no creator", now, {**first, "sender": DAN})
    empty = room.state(levels=None, creation=creation, users=(DAN,))
    yield EventCase("first, sender is not in the room", empty, first)
    yield with_content("a level is a text", {"ban": "50"})
    yield with_content("a level of an event is a text", {"events": {TOPIC: "50"}})
    yield from (with_content(words, {"users": users}) for words, users in _malformed_users(policy))
    if creators_are_not_listed in room.guards:
        yield with_content("a creator is listed", {"users": {ALICE: 100}})
        yield with_content("an additional creator is listed", {"users": {BOB: 100}})


def _on_later_levels(room: CaseRoom) -> Iterator[EventCase]:
    """Levels in a room that has some."""
    raised = room.event(POWER_LEVELS, BOB, room.with_alice({**LEVELS, "users": {**LEVELS["users"], DAN: 30}}), "")
    yield from of_any(room, raised)
    yield from of_senders(room, raised, POWER_LEVELS)
    yield EventCase("state key is another user", room.state(), {**raised, "state_key": CAROL})

    def asks(words: str, content: JSON, sender: str = BOB, before: JSON = LEVELS) -> EventCase:
        event = room.event(POWER_LEVELS, sender, room.with_alice(content), "")
        return EventCase(words, room.state(levels=before), event)

    yield asks("changes nothing", LEVELS)
    yield asks("changes nothing, by a sender below the level of the type", LEVELS, DAN)
    yield from _named_levels(asks)
    for listed in LISTED[1:]:
        yield from _listed_levels(asks, listed)
    yield from _users(asks)
    for words, users in _malformed_users(room.policy):
        yield asks(words, {**LEVELS, "users": {**LEVELS["users"], **users} if type(users) is dict else users})
    yield from _numbers(asks)
    yield EventCase("is by the creator", room.state(), {**raised, "sender": ALICE, "content": room.with_alice({})})
    if creators_are_not_listed in room.guards:
        yield asks("a creator is listed", {**LEVELS, "users": {**LEVELS["users"], ALICE: 1}})
    else:
        yield EventCase("lowers the creator", room.state(), {**raised, "content": LEVELS})


def _named_levels(asks: Callable[..., EventCase]) -> Iterator[EventCase]:
    """Each level that has a name: set above the sender, to the sender's, down from above, and from the sender's."""
    for name in NAMED:
        plain = {**LEVELS, "state_default": 50}
        plain.pop(name, None)
        set_to = {level: {**plain, name: level} for level in (25, 50, 75)}
        yield asks(f"{name} would be above the sender", set_to[75], before=set_to[25])
        yield asks(f"{name} would be at the sender", set_to[50], before=set_to[25])
        yield asks(f"{name} would be set above the sender", set_to[75], before=plain)
        # Whoever is below the level of all state cannot ask: there the type has a level of its own.
        own = {"events": {**LEVELS["events"], POWER_LEVELS: 50}}
        was = {level: {**content, **own} for level, content in set_to.items()}
        if name != "users_default":
            yield asks(f"{name} was above the sender", was[25], before=was[75])
            yield asks(f"{name} was above the sender, and would be gone", {**plain, **own}, before=was[75])
        yield asks(f"{name} was at the sender", was[25], before=was[50])


def _listed_levels(asks: Callable[..., EventCase], listed: str) -> Iterator[EventCase]:
    """The levels of one list of those that are not users'."""
    for words, level, becomes in (
        ("was above the sender", 75, 25),
        ("was above the sender, and would be gone", 75, None),
        ("was at the sender", 50, 25),
        ("was at the sender, and would be gone", 50, None),
        ("would be above the sender", 25, 75),
        ("would be at the sender", 25, 50),
        ("would be set above the sender", None, 75),
        ("would be set to the sender's", None, 50),
        ("stays above the sender", 75, 75),
    ):
        before, after = (
            {**LEVELS, listed: {**LEVELS[listed], **({} if each is None else {"tea": each})}}
            for each in (level, becomes)
        )
        yield asks(f"a level of {listed} {words}", after, before=before)
    yield asks(f"{listed} would be gone", {key: value for key, value in LEVELS.items() if key != listed})


def _users(asks: Callable[..., EventCase]) -> Iterator[EventCase]:
    """The levels of users."""
    eve = "@eve:e.example"
    for words, user, becomes in (
        ("below would be above the sender", DAN, 51),
        ("below would be at the sender", DAN, 50),
        ("below would be gone", DAN, None),
        ("at the sender would be below", CAROL, 49),
        ("at the sender would be above", CAROL, 51),
        ("at the sender would be gone", CAROL, None),
        ("without a level would be at the sender", eve, 50),
        ("without a level would be above the sender", eve, 51),
        ("who is the sender would be below", BOB, 49),
        ("who is the sender would be above", BOB, 51),
        ("who is the sender would be gone", BOB, None),
    ):
        users = {**LEVELS["users"], user: becomes}
        kept = {each: level for each, level in users.items() if level is not None}
        yield asks(f"a user {words}", {**LEVELS, "users": kept})
    above = {**LEVELS, "users": {**LEVELS["users"], eve: 75}}
    yield asks("a user above the sender would be below", {**above, "users": {**above["users"], eve: 25}}, before=above)
    yield asks("a user above the sender would be gone", LEVELS, before=above)


def _malformed_users(policy: MatrixPolicy) -> Iterator[tuple[str, Any]]:
    """What gives users no levels, or does in some versions."""
    yield from (
        ("users are a list", []),
        ("users are null", None),
        ("a user is no user", {"dan": 5}),
        ("a user has no server", {"@dan": 5}),
        ("a user's level is a word", {DAN: "five"}),
        ("a user's level is null", {DAN: None}),
        ("a user's level is a truth value", {DAN: True}),
        ("a user's level is a text", {DAN: " +5 "}),
    )
    if policy.numbers is Numbers.FLOATS:
        yield "a user's level is a fraction", {DAN: 5.9}


def _numbers(asks: Callable[..., EventCase]) -> Iterator[EventCase]:
    """What stands for a level, in which version."""
    for words, name, level in (
        ("a text of a number", "ban", "75"),
        ("a text of a number and a space", "ban", " 75"),
        ("a word", "kick", "kicks"),
        ("a truth value", "kick", True),
        ("null", "kick", None),
    ):
        yield asks(f"{name} would be {words}", {**LEVELS, name: level})
    for listed in LISTED[1:]:
        yield asks(f"{listed} would be a list", {**LEVELS, listed: []})
        tea = {**LEVELS, listed: {**LEVELS[listed], "tea": "tea"}}
        yield asks(f"a level of {listed} would be a word", tea)
