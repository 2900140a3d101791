"""Roles add up to permissions and power, and changing them has rules of its own."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from fsm import EventError, Room
from fsm.mimi import kept
from fsm.mimi.permissions import (
    BAN,
    INVITE,
    KICK,
    MAX_HOLDERS,
    MAX_ROLES,
    ORDER_LIMIT,
    REDACT,
    SEND_MESSAGES,
    Assignment,
    Flag,
    events,
    read_permissions,
    read_role_map,
    roles,
    write_permissions,
)
from fsm.mimi.roles import CREATOR, MAX_STANDINGS, NOBODY, POWERLESS, SUPREME, Defined, Power, Roles, Standing
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BOB,
    CAROL,
    DAN,
    JSON,
    change,
    joined,
    message,
    name_of_room,
    role,
    role_map,
    room,
)
from tests.cli.runner import ROOT


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
    assert bob.granted == {KICK, SEND_MESSAGES}
    assert bob.denied == {INVITE, BAN}
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
    assert (*ghost.granted, *ghost.denied) == (SEND_MESSAGES,)
    assert (dict(ghost.powers), ghost.order) == ({}, 7)


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
    standings = dict(before.standings())
    after = before.define("A", {}).assign(())
    assert dict(before.standings()) == standings
    assert after.standings() == {}


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


@pytest.mark.parametrize(("read", "field"), [(read_permissions, "permissions"), (read_role_map, "roles")])
def test_what_is_to_be_read_is_there(read: Callable[[JSON], object], field: str) -> None:
    with pytest.raises(EventError) as caught:
        read({})
    assert (caught.value.field, caught.value.problem) == (f"content.{field}", "is missing")


def test_only_roles_that_may_be_changed_are_listed() -> None:
    assert write_permissions({roles("b"): True, roles("a"): True, roles("c"): False, KICK: False}) == {
        "kick": False,
        "roles": ["a", "b"],
    }


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
    assert tea.send(role_map(("owner", 9, [BOB]), ("member", 1, [])))
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


def test_equal_power_does_not_outrank() -> None:
    tea = room(*joined(BOB, CAROL), role("host", {"kick": True, "ban": True}), role_map(("host", 9, [BOB, CAROL])))
    for action, row in (("leave", "kick"), ("ban", "ban")):
        refused = tea.decide(change(action, BOB, CAROL))
        assert (f"sender_outranks_for_{row}",) in [refusal.failed for refusal in refused.refusals]


def test_one_standing_is_shared_by_all_with_the_same_roles() -> None:
    users = [f"@{index}:x" for index in range(200)]
    made = table(Power.GRANTED, ("member", 1, users, {"invite": True}))
    assert len({id(standing) for standing in made.standings().values()}) == 1


# How many flags a role sets, and whether rooms with such a role share what is made of it.
@pytest.mark.parametrize(
    ("flags", "are_shared", "is_one_standing"),
    [(1, True, True), (63, True, True), (64, False, False)],
)
def test_rooms_share_roles_that_are_not_large(flags: int, are_shared: bool, is_one_standing: bool) -> None:
    permissions = {"roles": [f"{flags}:{number}" for number in range(flags)]}
    one, other = (table(Power.GRANTED, ("member", 1, [BOB], permissions)) for _ in range(2))
    assert one == other
    assert (one.defined is other.defined) is are_shared
    assert (one.standing(BOB) is other.standing(BOB)) is is_one_standing


FLAGS: list[tuple[Flag, Any]] = [(events("m.tea"), ("events", "m.tea")), (roles("host"), ("roles", "host"))]


@pytest.mark.parametrize(("flag", "pair"), FLAGS)
def test_flags_are_name_and_item(flag: Flag, pair: tuple[str, str]) -> None:
    assert flag == pair


def test_a_standing_is_a_value() -> None:
    one, other = (Standing(frozenset({KICK}), frozenset({BAN}), {KICK: 3}, 5) for _ in range(2))
    assert one == other
    assert one != Standing(frozenset({KICK}), frozenset({BAN}), {KICK: 4}, 5)
    assert repr(one) == "Standing(granted={!r}, denied={!r}, powers={!r}, order=5)".format(
        *map(one.__getattribute__, ("granted", "denied", "powers"))
    )
    assert one.holds(one.granted)
    assert not one.holds(one.granted | {INVITE})


def test_nothing_is_gained_on_who_may_all() -> None:
    assert Standing(frozenset({KICK}), frozenset(), {}, 5).gains(NOBODY) == {KICK}
    assert Standing(frozenset({KICK}), frozenset(), {}, 5).gains(CREATOR) == frozenset()


def test_a_reign_needs_a_creator_and_keeps_what_is_defined() -> None:
    made = Roles(Power.GRANTED).define("host", {KICK: True})
    assert not made.reigning
    assert made.reign() == Roles(Power.GRANTED, reigning=True, defined=Defined({"host": {KICK: True}}))
    assert made.reign().standings() == {}
    assert made.reign().standings(ALICE) == {ALICE: CREATOR}


# How many roles, each with a user, are shared by rooms: the map but for its users, and what is made of it.
@pytest.mark.parametrize(
    ("count", "map_is_shared", "resolved_is_shared"),
    [(1, True, True), (32, True, True), (33, True, False), (64, True, False), (65, False, False)],
)
def test_rooms_share_role_maps_that_are_not_large(count: int, map_is_shared: bool, resolved_is_shared: bool) -> None:
    one, other = (
        table(Power.GRANTED).assign([Assignment(f"r{each}", each, frozenset({f"@u{each}:x"})) for each in range(count)])
        for _ in range(2)
    )
    assert (one.shape is other.shape) is map_is_shared
    assert (one.resolved is other.resolved) is resolved_is_shared


def test_what_is_kept_of_roles_is_bounded_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 2)
    made = kept.Kept(lambda text, count: [text, count], lambda text, count: kept.is_small(count, [text]))
    one = made["x", 1]
    assert made["x", 1] is one
    assert [*made] == [("x", 1)]
    assert made["x" * (kept.MOST_LETTERS + 1), 1] == ["x" * (kept.MOST_LETTERS + 1), 1]
    assert made["y", kept.MOST_PARTS + 1] == ["y", kept.MOST_PARTS + 1]
    assert [*made] == [("x", 1)]
    largest = made["x" * kept.MOST_LETTERS, kept.MOST_PARTS]
    assert made["x" * kept.MOST_LETTERS, kept.MOST_PARTS] is largest
    made["y", 1]
    assert [*made] == [("y", 1)]


def test_standings_by_combination_are_shared_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("host", 1, [ALICE], {"kick": True}), ("guest", 2, [BOB], {"ban": True})]
    one, other = (table(Power.GRANTED, *rows) for _ in range(2))
    assert one.combined is other.combined
    monkeypatch.setattr("fsm.mimi.roles._MOST_COMBINED", 2)
    combined = one.combined
    combined.clear()
    for places in ((0,), (1,), (0, 1)):
        assert combined[places] == one.resolve([one.shape[place] for place in places])
        assert combined[places] is combined[places]
        assert len(combined) <= 2


def test_what_is_made_of_roles_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    made = table(
        Power.GRANTED, ("host", 1, [ALICE], {"kick": True, "ban": True}), ("guest", 2, [ALICE, BOB], {"kick": False})
    )
    monkeypatch.setattr("fsm.mimi.roles.MAX_STANDINGS", 4)
    made.expect_bearable()
    assert len(made.by_combination()) == 2
    monkeypatch.setattr("fsm.mimi.roles.MAX_STANDINGS", 3)
    for act in (made.expect_bearable, made.by_combination):
        with pytest.raises(EventError, match="makes 4 permissions"):
            act()


def test_the_page_of_limits_says_how_many_roles_a_room_may_have() -> None:
    page = (ROOT / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
    assert f"| {MAX_ROLES} of each; {MAX_HOLDERS} | `fsm.mimi.permissions.MAX_ROLES`, `MAX_HOLDERS` |" in page
    assert f"| {MAX_STANDINGS} | `fsm.mimi.roles.MAX_STANDINGS` |" in page
