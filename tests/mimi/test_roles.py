"""Roles add up to permissions and power, and changing them has rules of its own."""

from collections.abc import Iterable
from typing import Any

import pytest

from fsm import EventError, Room
from fsm.mimi.roles import (
    BAN,
    CREATOR,
    INVITE,
    KICK,
    NOBODY,
    ORDER_LIMIT,
    POWERLESS,
    REDACT,
    SEND_MESSAGES,
    SUPREME,
    Assignment,
    Flag,
    Power,
    Roles,
    events,
    read_permissions,
    read_role_map,
    roles,
)
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
    message,
    name_of_room,
    role,
    role_map,
    room,
)


def table(power: Power, *rows: tuple[str, int, Iterable[str], JSON]) -> Roles:
    """Roles from rows of role id, order, users and permissions."""
    made = Roles(power)
    for role_id, _, _, permissions in rows:
        made = made.define(role_id, read_permissions({"permissions": permissions}))
    return made.assign(tuple(Assignment(role_id, order, frozenset(users)) for role_id, order, users, _ in rows))


# The example of the drafts ("Calculating Permissions"): A is to invite, B to kick, C to ban.
EXAMPLE: list[tuple[str, int, list[str], JSON]] = [
    ("A", 1, [BOB, CAROL], {"invite": True, "kick": False}),
    ("B", 2, [BOB], {"invite": False, "ban": False}),
    ("C", 3, [BOB, DAN], {"kick": True, "ban": False}),
]


@pytest.mark.parametrize("power", Power)
def test_the_drafts_example_of_permissions(power: Power) -> None:
    bob = table(power, *EXAMPLE).standing(BOB)
    assert bob.permissions == {INVITE: False, KICK: True, BAN: False}
    assert (bob.may(INVITE), bob.may(KICK), bob.may(BAN)) == (False, True, False)
    assert (bob.is_denied(INVITE), bob.is_denied(KICK), bob.is_denied(BAN)) == (True, False, True)


# fmt: off
POWERS: list[tuple[Power, str, tuple[int, int, int]]] = [
    # The text: the highest order that has the permission set, "regardless of value" - its own example.
    (Power.SET,     BOB,   (2, 3, 3)),
    (Power.SET,     CAROL, (1, 1, POWERLESS)),
    (Power.SET,     DAN,   (POWERLESS, 3, 3)),
    # Ours: the highest order that grants it.
    (Power.GRANTED, BOB,   (1, 3, POWERLESS)),
    (Power.GRANTED, CAROL, (1, POWERLESS, POWERLESS)),
    (Power.GRANTED, DAN,   (POWERLESS, 3, POWERLESS)),
]
# fmt: on


@pytest.mark.parametrize(("power", "user", "levels"), POWERS)
def test_the_drafts_example_of_power(power: Power, user: str, levels: tuple[int, int, int]) -> None:
    standing = table(power, *EXAMPLE).standing(user)
    assert (standing.power(INVITE), standing.power(KICK), standing.power(BAN)) == levels


@pytest.mark.parametrize("rows", [EXAMPLE, EXAMPLE[::-1], [EXAMPLE[1], EXAMPLE[2], EXAMPLE[0]]])
def test_the_order_counts_and_not_the_place_in_the_map(rows: list[tuple[str, int, list[str], JSON]]) -> None:
    assert table(Power.SET, *rows).standing(BOB) == table(Power.SET, *EXAMPLE).standing(BOB)


def test_a_user_without_roles_is_nobody() -> None:
    nobody = table(Power.GRANTED, *EXAMPLE).standing(ALICE)
    assert nobody is NOBODY
    assert (nobody.may(INVITE), nobody.is_denied(INVITE), nobody.power(INVITE), nobody.order) == (False, False, -1, -1)


def test_a_role_that_is_not_defined_gives_a_rank_and_nothing_else() -> None:
    ghost = Roles(Power.GRANTED).assign((Assignment("ghost", 7, frozenset({BOB})),)).standing(BOB)
    assert (dict(ghost.permissions), dict(ghost.powers), ghost.order) == ({}, {}, 7)


def test_lists_are_summed_item_by_item() -> None:
    bob = table(
        Power.GRANTED,
        ("low", 1, [BOB], {"roles": ["a"], "events": {"m.tea": True, "m.cake": True}}),
        ("high", 2, [BOB], {"roles": ["b"], "events": {"m.cake": False}}),
    ).standing(BOB)
    assert (bob.may(roles("a")), bob.may(roles("b")), bob.may(roles("c"))) == (True, True, False)
    assert (bob.may(events("m.tea")), bob.may(events("m.cake")), bob.may(events("m.x"))) == (True, False, False)
    assert (bob.is_denied(events("m.tea")), bob.is_denied(events("m.cake")), bob.is_denied(events("m.x"))) == (
        False,
        True,
        False,
    )


def test_the_highest_role_gives_the_rank() -> None:
    made = table(Power.GRANTED, ("low", 0, [BOB, CAROL], {}), ("high", ORDER_LIMIT - 1, [BOB], {}))
    assert (made.standing(BOB).order, made.standing(CAROL).order) == (ORDER_LIMIT - 1, 0)
    assert POWERLESS < made.standing(CAROL).order < made.standing(BOB).order < SUPREME


def test_roles_are_values() -> None:
    before = table(Power.GRANTED, *EXAMPLE)
    standings = dict(before.standings)
    after = before.define("A", {}).assign(())
    assert dict(before.standings) == standings
    assert after.standings == {}


# Reading.


def test_permissions_are_read_as_flags() -> None:
    assert read_permissions({"permissions": {**ALL_POWERS, "roles": ["owner"], "events": {"m.tea": False}}}) == {
        INVITE: True,
        KICK: True,
        BAN: True,
        REDACT: True,
        roles("owner"): True,
        events("m.tea"): False,
    }
    assert read_permissions({"permissions": {"sendMessages": False}}) == {SEND_MESSAGES: False}
    assert read_permissions({"permissions": {}}) == {}


@pytest.mark.parametrize("granted", [True, False])
def test_add_is_another_name_of_invite(granted: bool) -> None:
    assert read_permissions({"permissions": {"add": granted}}) == {INVITE: granted}
    assert read_permissions({"permissions": {"add": granted, "invite": granted}}) == {INVITE: granted}
    with pytest.raises(EventError) as caught:
        read_permissions({"permissions": {"add": granted, "invite": not granted}})
    assert caught.value.field == "content.permissions.invite"


def test_a_role_map_is_read_as_it_stands() -> None:
    content = role_map(("a", 2, [BOB, BOB]), ("a", 2, []))["content"]
    assert read_role_map(content) == (Assignment("a", 2, frozenset({BOB})), Assignment("a", 2, frozenset()))
    assert read_role_map({"roles": []}) == ()


# The creator reigns until the first role map that assigns anybody.


def reigns(tea: Room) -> bool:
    return tea.standing(ALICE) is CREATOR


def test_a_creator_may_all_and_outranks_all() -> None:
    assert all(CREATOR.may(flag) for flag in (INVITE, KICK, BAN, REDACT, roles("x"), events("m.y"), SEND_MESSAGES))
    assert {CREATOR.power(flag) for flag in (INVITE, KICK, BAN)} == {SUPREME}
    assert not any(CREATOR.is_denied(flag) for flag in (SEND_MESSAGES, events("m.y")))


def test_the_reign_ends_with_the_first_assignment() -> None:
    tea = room(*joined(BOB))
    assert reigns(tea)
    assert tea.send(role("owner", ALL_POWERS))
    assert reigns(tea), "to define a role is not yet to assign it"
    assert tea.send(role_map(("owner", 9, []))), "a role without users"
    assert reigns(tea)
    assert tea.standing(BOB) is NOBODY
    assert tea.send(role_map(("owner", 9, [BOB])))
    assert not reigns(tea)
    assert tea.standing(ALICE) is NOBODY
    assert tea.standing(BOB).may(KICK)


def test_a_reign_once_over_never_comes_back() -> None:
    tea = room(*joined(BOB), role("host", {"events": {"m.room.role_map": True}}), role_map(("host", 9, [BOB])))
    assert tea.send(role_map(("host", 9, []), sender=BOB)), "the last host steps out"
    assert not reigns(tea)
    assert not tea.send(change("ban", ALICE, BOB))


def test_the_first_role_map_may_leave_a_room_without_administrators() -> None:
    tea = room(*joined(BOB), role("host", {"invite": True}))
    assert tea.send(role_map(("host", 9, [BOB])))
    refused = tea.send(role_map(sender=ALICE))
    assert [refusal.failed for refusal in refused.refusals] == [
        ("type_is_granted", "touched_roles_are_listed", "touched_roles_are_below")
    ]


def test_a_reign_is_no_membership() -> None:
    tea = room(*joined(BOB), change("leave", ALICE))
    assert reigns(tea)
    for event in (message(ALICE), name_of_room(), role("owner", {}), change("invite", ALICE, CAROL)):
        assert not tea.send(event)


# Changing roles. Alice owns the house, Bob moderates it, Carol is a member, Dan has no role.

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


def test_equal_power_does_not_outrank() -> None:
    tea = room(*joined(BOB, CAROL), role("host", {"kick": True, "ban": True}), role_map(("host", 9, [BOB, CAROL])))
    for action, row in (("leave", "kick"), ("ban", "ban")):
        refused = tea.decide(change(action, BOB, CAROL))
        assert (f"sender_outranks_for_{row}",) in [refusal.failed for refusal in refused.refusals]


def test_one_standing_is_shared_by_all_with_the_same_roles() -> None:
    users = [f"@{index}:x" for index in range(200)]
    made = table(Power.GRANTED, ("member", 1, users, {"invite": True}))
    assert len({id(standing) for standing in made.standings.values()}) == 1


FLAGS: list[tuple[Flag, Any]] = [(events("m.tea"), ("events", "m.tea")), (roles("host"), ("roles", "host"))]


@pytest.mark.parametrize(("flag", "pair"), FLAGS)
def test_flags_are_name_and_item(flag: Flag, pair: tuple[str, str]) -> None:
    assert flag == pair
