"""Who may change which role: listed, below one's own, nothing given that one does not hold."""

from typing import Any

import pytest

from fsm import Room
from fsm.mimi.permissions import KICK, Assignment, read_permissions
from fsm.mimi.role_changes import Change
from fsm.mimi.roles import Power, Roles
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BOB,
    CAROL,
    DAN,
    JSON,
    Given,
    change,
    inside,
    joined,
    role,
    role_map,
    room,
)

# Alice owns the house, Bob moderates it, Carol is a member, Dan has no role.

MODERATION: JSON = {
    "invite": True,
    "kick": True,
    "roles": ["member", "guest"],
    "events": {"m.room.role": True, "m.room.role_map": True},
}
OWNER, MODERATOR, MEMBER = ("owner", 100, [ALICE]), ("moderator", 50, [BOB]), ("member", 10, [CAROL])


def house() -> Room:
    return room(
        *joined(BOB, CAROL, DAN),
        role("owner", ALL_POWERS),
        role("moderator", MODERATION),
        role("member", {"invite": True}),
        role_map(OWNER, MODERATOR, MEMBER),
    )


TYPE, LISTED, BELOW, HELD, LEFT = (
    "type_is_granted",
    "touched_roles_are_listed",
    "touched_roles_are_below",
    "granted_permissions_are_held",
    "administrator_remains",
)

# Who changes the role map, to what, and the guards that fail.
# fmt: off
MAPS: list[tuple[str, str, list[tuple[str, int, list[str]]], tuple[str, ...]]] = [
    # Listed, below one's own order, nothing given that is not held.
    ("nothing changes",                 BOB,   [OWNER, MODERATOR, MEMBER],                      ()),
    ("the same in another order",       BOB,   [MEMBER, MODERATOR, OWNER],                      ()),
    ("a member more",                   BOB,   [OWNER, MODERATOR, ("member", 10, [CAROL, DAN])], ()),
    ("oneself as a member too",         BOB,   [OWNER, MODERATOR, ("member", 10, [CAROL, BOB])], ()),
    ("a member less",                   BOB,   [OWNER, MODERATOR, ("member", 10, [])],          ()),
    ("no members any more",             BOB,   [OWNER, MODERATOR],                              ()),
    ("members up to below oneself",     BOB,   [OWNER, MODERATOR, ("member", 49, [CAROL])],     ()),
    ("members down",                    BOB,   [OWNER, MODERATOR, ("member", 0, [CAROL])],      ()),
    ("a new role that is listed",       BOB,   [OWNER, MODERATOR, MEMBER, ("guest", 5, [DAN])], ()),
    # Every other role is out of reach.
    ("members above oneself",           BOB,   [OWNER, MODERATOR, ("member", 51, [CAROL])],     (BELOW,)),
    ("a new role above oneself",        BOB,   [OWNER, MODERATOR, MEMBER, ("guest", 60, [])],   (BELOW,)),
    ("a new role that is not listed",   BOB,   [OWNER, MODERATOR, MEMBER, ("spy", 5, [])],      (LISTED,)),
    ("another moderator",               BOB,   [OWNER, ("moderator", 50, [BOB, DAN]), MEMBER],  (LISTED, BELOW)),
    ("one's successor",                 BOB,   [OWNER, ("moderator", 50, [DAN]), MEMBER],       (LISTED, BELOW)),
    ("oneself up",                      BOB,   [OWNER, ("moderator", 60, [BOB]), MEMBER],       (LISTED, BELOW)),
    ("oneself down by the order",       BOB,   [OWNER, ("moderator", 40, [BOB]), MEMBER],       (LISTED, BELOW)),
    ("out, but moving the role too",    BOB,   [OWNER, ("moderator", 40, []), MEMBER],          (LISTED, BELOW)),
    ("the owner out",                   BOB,   [("owner", 100, []), MODERATOR, MEMBER],         (LISTED, BELOW)),
    ("the owner's role away",           BOB,   [MODERATOR, MEMBER],                             (LISTED, BELOW)),
    ("oneself as an owner",             BOB,   [("owner", 100, [ALICE, BOB]), MODERATOR, MEMBER], (LISTED, BELOW, HELD)),
    # Stepping out is always possible: it needs no list, no rank, no permission to give.
    ("out",                             BOB,   [OWNER, ("moderator", 50, []), MEMBER],          ()),
    ("out, taking the role along",      BOB,   [OWNER, MEMBER],                                 ()),
    ("from moderator to member",        BOB,   [OWNER, ("moderator", 50, []), ("member", 10, [CAROL, BOB])], ()),
    # Sending the event at all is a permission of its own.
    ("a member more, by a member",      CAROL, [OWNER, MODERATOR, ("member", 10, [CAROL, DAN])], (TYPE, LISTED, BELOW)),
    ("out, by a member",                CAROL, [OWNER, MODERATOR, ("member", 10, [])],          (TYPE,)),
    ("nothing, by nobody",              DAN,   [OWNER, MODERATOR, MEMBER],                      (TYPE,)),
    ("oneself in, by nobody",           DAN,   [OWNER, MODERATOR, ("member", 10, [CAROL, DAN])],
     (TYPE, LISTED, BELOW, HELD)),
    # The owner stands above all but themselves.
    ("another moderator, by the owner", ALICE, [OWNER, ("moderator", 50, [BOB, DAN]), MEMBER],  ()),
    ("no moderator, by the owner",      ALICE, [OWNER, MEMBER],                                 ()),
    ("another owner",                   ALICE, [("owner", 100, [ALICE, BOB]), MODERATOR, MEMBER], (BELOW,)),
    ("a role as high as one's own",     ALICE, [OWNER, ("moderator", 101, [BOB]), MEMBER],      (BELOW,)),
    ("the owner out, a moderator left", ALICE, [("owner", 100, []), MODERATOR, MEMBER],         ()),
    ("everybody out",                   ALICE, [("owner", 100, []), ("moderator", 50, []), MEMBER], (LEFT,)),
    ("an empty map",                    ALICE, [],                                              (LEFT,)),
    # Two of a kind.
    ("one id twice",                    ALICE, [OWNER, MODERATOR, MEMBER, ("member", 11, [])],
     ("role_ids_are_distinct",)),
    ("one order twice",                 ALICE, [OWNER, MODERATOR, ("member", 50, [CAROL])],
     ("role_orders_are_distinct",)),
    ("one entry twice",                 ALICE, [OWNER, MODERATOR, MEMBER, MEMBER],
     ("role_ids_are_distinct", "role_orders_are_distinct")),
]

# Who defines a role, how, and the guards that fail.
DEFINITIONS: list[tuple[str, str, str, JSON, tuple[str, ...]]] = [
    ("the same again",               BOB,   "member",    {"invite": True},                       ()),
    ("more that one has",            BOB,   "member",    {"invite": True, "kick": True},         ()),
    ("less",                         BOB,   "member",    {},                                     ()),
    ("a clear no",                   BOB,   "member",    {"invite": False, "ban": False},        ()),
    ("a new role that is listed",    BOB,   "guest",     {"invite": True},                       ()),
    ("one's own list",               BOB,   "guest",     {"roles": ["guest"]},                   ()),
    ("more than one has",            BOB,   "member",    {"ban": True},                          (HELD,)),
    ("a type one may not send",      BOB,   "member",    {"events": {"m.room.name": True}},      (HELD,)),
    ("a role out of one's reach",    BOB,   "member",    {"roles": ["owner"]},                   (HELD,)),
    ("a new role that is not listed", BOB,  "spy",       {},                                     (LISTED,)),
    ("one's own role, the same",     BOB,   "moderator", MODERATION,                             ()),
    ("one's own role",               BOB,   "moderator", {**MODERATION, "kick": False},          (LISTED, BELOW)),
    ("one's own role, for more",     BOB,   "moderator", {**MODERATION, "ban": True},            (LISTED, BELOW, HELD)),
    ("the owner's role",             BOB,   "owner",     {},                                     (LISTED, BELOW)),
    ("by a member",                  CAROL, "member",    {"invite": True},                       (TYPE,)),
    ("by a member, for more",        CAROL, "member",    {"kick": True},                         (TYPE, LISTED, BELOW, HELD)),
    ("by nobody",                    DAN,   "member",    {},                                     (TYPE, LISTED, BELOW)),
    ("the moderators', by the owner", ALICE, "moderator", {**MODERATION, "ban": True},           ()),
    ("no moderators, by the owner",  ALICE, "moderator", {},                                     ()),
    ("the owner's own role",         ALICE, "owner",     {**ALL_POWERS, "redact": False},        (BELOW,)),
    ("a new role, not listed",       ALICE, "spy",       {},                                     (LISTED,)),
]
# fmt: on


@pytest.mark.parametrize(("sender", "entries", "failed"), [row[1:] for row in MAPS], ids=[row[0] for row in MAPS])
def test_changing_the_role_map(sender: str, entries: list[tuple[str, int, list[str]]], failed: tuple[str, ...]) -> None:
    holds(house(), role_map(*entries, sender=sender), failed)


@pytest.mark.parametrize(
    ("sender", "role_id", "permissions", "failed"),
    [row[1:] for row in DEFINITIONS],
    ids=[row[0] for row in DEFINITIONS],
)
def test_changing_a_role(sender: str, role_id: str, permissions: JSON, failed: tuple[str, ...]) -> None:
    holds(house(), role(role_id, permissions, sender=sender), failed)


def holds(tea: Room, event: Given, failed: tuple[str, ...]) -> None:
    """The event is allowed when no guard is expected to fail, and else is refused for exactly these."""
    before = inside(tea)
    decision = tea.send(event)
    assert [refusal.failed for refusal in decision.refusals] == ([failed] if failed else [])
    assert decision.allowed is (not failed)
    if failed:
        assert inside(tea) == before


def test_every_guard_on_roles_is_refused_somewhere_on_its_own() -> None:
    alone = {failed for *_, failed in (*MAPS, *DEFINITIONS) if len(failed) == 1}
    assert alone >= {(TYPE,), (LISTED,), (BELOW,), (HELD,), (LEFT,)}


def test_the_last_administrator_stays() -> None:
    tea = room(*joined(BOB), role("owner", ALL_POWERS), role_map(("owner", 9, [ALICE])))
    holds(tea, role_map(("owner", 9, [])), (LEFT,))
    holds(tea, role_map(), (LEFT,))
    assert tea.send(change("leave", ALICE)), "leaving the room is another matter"


def test_who_hands_over_first_can_step_down() -> None:
    tea = room(
        *joined(BOB),
        role("owner", ALL_POWERS),
        role("moderator", {"roles": ["member"]}),
        role_map(("owner", 9, [ALICE])),
    )
    assert tea.send(role_map(("owner", 9, [ALICE]), ("moderator", 8, [BOB])))
    assert tea.send(role_map(("owner", 9, []), ("moderator", 8, [BOB])))
    assert not tea.standing(ALICE).may(KICK)


def test_a_list_of_no_roles_makes_no_administrator() -> None:
    tea = room(*joined(BOB), role("host", {"roles": []}), role("owner", ALL_POWERS))
    assert tea.send(role_map(("owner", 9, [ALICE]), ("moderator", 8, [BOB])))
    holds(tea, role_map(("owner", 9, []), ("moderator", 8, [BOB])), (LEFT,))


# What everybody may by default, they may pass on; what they are denied, they may not.
DEFAULTS: list[tuple[JSON, tuple[str, ...]]] = [
    ({}, ()),
    ({"sendMessages": True}, ()),
    ({"sendMessages": False}, (HELD,)),
]


@pytest.mark.parametrize(("own", "failed"), DEFAULTS)
def test_the_permission_to_send_messages_is_held_by_default(own: JSON, failed: tuple[str, ...]) -> None:
    tea = room(
        *joined(BOB, CAROL),
        role("moderator", {**MODERATION, **own}),
        role_map(("moderator", 50, [BOB])),
    )
    holds(tea, role("member", {"sendMessages": True}, sender=BOB), failed)


# A "no" that goes, or comes to stand below a "yes", gives as well: also to who steps out of it.
# Bob and Carol moderate. Bob is gagged, and so is Dan.

GAG: JSON = {"kick": False, "sendMessages": False}
NO_STICKERS: JSON = {"events": {"m.sticker": False}}
MODERATE: JSON = {**MODERATION, "roles": ["gag"]}
OBSERVE: JSON = {**MODERATE, "kick": False}

Entry = tuple[str, int, list[str]]


def gagged(gag: JSON, order: int, moderation: JSON) -> Room:
    return room(
        *joined(BOB, CAROL, DAN),
        role("owner", {**ALL_POWERS, "roles": ["gag", "moderator"]}),
        role("moderator", moderation),
        role("member", {"kick": True}),
        role("gag", gag),
        role_map(*gagging("gag", order, [BOB, DAN])),
    )


def gagging(*gag: Any) -> list[Entry]:
    gags: list[Entry] = [gag] if gag else []
    return [("owner", 100, [ALICE]), ("moderator", 50, [BOB, CAROL]), ("member", 10, [DAN]), *gags]


# What the gag is and its order, what moderators may, who changes the gag, and to what; and the guards that fail.
# fmt: off
GAGS: list[tuple[str, tuple[JSON, int, JSON], str, list[Entry], tuple[str, ...]]] = [
    ("out from above",             (GAG, 60, MODERATE), BOB,   gagging("gag", 60, [DAN]),      (HELD,)),
    ("out from below",             (GAG, 40, MODERATE), BOB,   gagging("gag", 40, [DAN]),      (HELD,)),
    ("out from where it matters not", ({"kick": False}, 40, MODERATE), BOB, gagging("gag", 40, [DAN]), ()),
    ("out of a gag for stickers",  (NO_STICKERS, 40, MODERATE), BOB, gagging("gag", 40, [DAN]), (HELD,)),
    ("another, by one gagged",     (GAG, 40, MODERATE), BOB,   gagging("gag", 40, [BOB]),      (HELD,)),
    ("another, by one not gagged", (GAG, 40, MODERATE), CAROL, gagging("gag", 40, [BOB]),      ()),
    ("another from a gag for stickers, by one gagged", (NO_STICKERS, 40, MODERATE), BOB, gagging("gag", 40, [BOB]), (HELD,)),
    ("another from a gag for stickers", (NO_STICKERS, 40, MODERATE), CAROL, gagging("gag", 40, [BOB]), ()),
    ("a moderator, by the owner",  (GAG, 60, MODERATE), ALICE, gagging("gag", 60, [DAN]),      ()),
    ("everybody, by the owner",    (GAG, 60, MODERATE), ALICE, gagging(),                      ()),
    ("below a yes",                (GAG, 40, MODERATE), CAROL, gagging("gag", 5, [BOB, DAN]),  ()),
    ("below a yes that one lacks", (GAG, 40, OBSERVE),  CAROL, gagging("gag", 5, [BOB, DAN]),  (HELD,)),
    ("a no to what one had not",   ({"ban": False}, 40, {**MODERATE, "ban": False}), CAROL, gagging("gag", 40, [BOB]), ()),
    ("out with one's fellows",     ({"kick": False}, 40, MODERATE), BOB,
     [("owner", 100, [ALICE]), ("member", 10, [DAN]), ("gag", 40, [BOB, DAN])], (LISTED, BELOW)),
    ("above a yes",                (GAG, 5, OBSERVE),   CAROL, gagging("gag", 40, [BOB, DAN]), ()),
]
UNGAGS: list[tuple[str, JSON, str, JSON, tuple[str, ...]]] = [
    ("by one gagged",              GAG,         BOB,   {},              (HELD,)),
    ("by one not gagged",          GAG,         CAROL, {},              ()),
    ("less, by one gagged",        GAG,         BOB,   {"sendMessages": False}, ()),
    ("the rest, by one gagged",    {**NO_STICKERS, "kick": False}, BOB, NO_STICKERS, ()),
    ("stickers, by one gagged",    NO_STICKERS, BOB,   {},              (HELD,)),
    ("stickers, by one not gagged", NO_STICKERS, CAROL, {},             ()),
]
# fmt: on


@pytest.mark.parametrize(
    ("before", "sender", "entries", "failed"), [row[1:] for row in GAGS], ids=[row[0] for row in GAGS]
)
def test_to_lift_a_no_is_to_give(
    before: tuple[JSON, int, JSON], sender: str, entries: list[Entry], failed: tuple[str, ...]
) -> None:
    holds(gagged(*before), role_map(*entries, sender=sender), failed)


@pytest.mark.parametrize(
    ("gag", "sender", "permissions", "failed"), [row[1:] for row in UNGAGS], ids=[row[0] for row in UNGAGS]
)
def test_to_redefine_a_no_is_to_give(gag: JSON, sender: str, permissions: JSON, failed: tuple[str, ...]) -> None:
    holds(gagged(gag, 40, MODERATE), role("gag", permissions, sender=sender), failed)


def test_what_one_does_not_hold_is_not_given_even_to_who_has_it() -> None:
    tea = room(
        *joined(BOB, DAN),
        role("judge", {"ban": True}),
        role("guest", {"ban": True}),
        role("moderator", MODERATION),
        role_map(("moderator", 50, [BOB]), ("judge", 40, [DAN]), ("guest", 5, [])),
    )
    holds(tea, role_map(("moderator", 50, [BOB]), ("judge", 40, [DAN]), ("guest", 5, [DAN]), sender=BOB), (HELD,))


# What the role to which Bob adds Dan may, and what Carol may, without Bob.
@pytest.mark.parametrize(("guest", "member"), [({}, {}), ({"ban": False}, {}), ({}, {"events": {"m.sticker": True}})])
def test_what_is_not_given_needs_not_be_held(guest: JSON, member: JSON) -> None:
    tea = room(
        *joined(BOB, CAROL, DAN),
        role("guest", guest),
        role("member", member),
        role("moderator", {**MODERATION, "events": {**MODERATION["events"], **NO_STICKERS["events"]}}),
        role_map(("moderator", 50, [BOB]), ("member", 10, [CAROL]), ("guest", 5, [])),
    )
    holds(tea, role_map(("moderator", 50, [BOB]), ("member", 10, [CAROL]), ("guest", 5, [DAN]), sender=BOB), ())


def test_to_take_a_role_without_users_away_is_a_change_as_well() -> None:
    tea = room(*joined(BOB), role("owner", ALL_POWERS), role_map(("owner", 9, [BOB]), ("spy", 3, [])))
    holds(tea, role_map(("owner", 9, [BOB]), sender=BOB), (LISTED,))


def test_power_decides_who_removes_whom() -> None:
    tea = house()
    assert tea.send(role("member", {"kick": True}, sender=BOB)), "members may kick now, from the lowest rank"
    # fmt: off
    outcomes: list[tuple[str, str, bool]] = [
        (BOB, CAROL, True), (BOB, DAN, True), (BOB, ALICE, False), (ALICE, BOB, True),
        (CAROL, DAN, True), (CAROL, BOB, False), (DAN, CAROL, False), (DAN, ALICE, False),
    ]
    # fmt: on
    for sender, target, allowed in outcomes:
        assert tea.decide(change("leave", sender, target)).allowed is allowed, f"{sender} kicks {target}"


# Changes as values: what was, what becomes, and what is said of Bob who makes them.

NO_TEA: JSON = {"events": {"m.tea": False}}
YES_TEA: JSON = {"events": {"m.tea": True}}
Rows = list[tuple[str, int, list[str]]]


def made(rows: Rows, **permissions: JSON) -> Roles:
    defined = {role_id: read_permissions({"permissions": given}) for role_id, given in permissions.items()}
    return (
        Roles(Power.GRANTED)
        .redefine(defined)
        .assign([Assignment(role_id, order, frozenset(users)) for role_id, order, users in rows])
    )


def changed(before: Roles, after: Roles) -> Change:
    return Change(BOB, before.standing(BOB), None, before, after)


def test_the_order_of_a_role_without_users_is_touched() -> None:
    assert changed(made([("spy", 3, [])]), made([("spy", 4, [])])).touched == {"spy"}


def test_a_large_role_that_stays_the_same_is_not_touched() -> None:
    large = {"roles": [f"r{number}" for number in range(100)]}
    before, after = made([], host=large), made([], host=large)
    assert before.defined["host"] is not after.defined["host"]
    assert changed(before, after).touched == frozenset()
    assert changed(before, made([], host={})).touched == {"host"}


# fmt: off
GIVEN: list[tuple[str, Roles, Roles, bool]] = [
    ("what a role grants already",       made([("mod", 9, [BOB])], mod={"kick": True}, host={"ban": True}),
                                         made([("mod", 9, [BOB])], mod={"kick": True}, host={"ban": True, "kick": True}), True),
    ("a role that nobody has yet",       made([("mod", 9, [BOB])], mod={"kick": True}, host={"ban": True}),
                                         made([("mod", 9, [BOB]), ("host", 1, [])], mod={"kick": True}, host={"ban": True}), True),
    ("what nobody held",                 made([("mod", 9, [BOB])], mod={"kick": True}, host={}),
                                         made([("mod", 9, [BOB])], mod={"kick": True}, host={"ban": True}), False),
    ("a no that was only of a role",     made([("mod", 9, [BOB]), ("gag", 5, [CAROL])], mod=NO_TEA, gag=NO_TEA),
                                         made([("mod", 9, [BOB])], mod=NO_TEA, gag=NO_TEA), False),
    ("the same of who is denied less",   made([("mod", 9, [BOB]), ("gag", 4, [CAROL]), ("fan", 5, [DAN])], mod=NO_TEA, gag=NO_TEA, fan=YES_TEA),
                                         made([("mod", 9, [BOB])], mod=NO_TEA, gag=NO_TEA, fan=YES_TEA), False),
    ("a yes below a no",                 made([("mod", 9, [BOB]), ("gag", 5, [CAROL, DAN]), ("fan", 4, [CAROL, DAN])], mod={}, gag=NO_TEA, fan=YES_TEA),
                                         made([("mod", 9, [BOB]), ("fan", 4, [CAROL])], mod={}, gag=NO_TEA, fan=YES_TEA), False),
]
# fmt: on


@pytest.mark.parametrize(("before", "after", "is_held"), [row[1:] for row in GIVEN], ids=[row[0] for row in GIVEN])
def test_what_is_given_must_be_held(before: Roles, after: Roles, is_held: bool) -> None:
    assert changed(before, after).grants_only_held() is is_held


def test_where_an_id_comes_twice_nothing_is_taken_for_held() -> None:
    twice = made([("mod", 9, [BOB]), ("host", 5, [CAROL]), ("host", 4, [DAN])], mod={"kick": True}, host={"ban": True})
    assert not changed(twice, twice.define("mod", {})).grants_only_held()
