"""Laws of the definitions themselves: what can be seen without a room, and what is of no use."""

from collections.abc import Iterator

from fsm.policy_law import Fault
from fsm.room_policy.capabilities import NAMES, write_capability
from fsm.room_policy.lint import edits as to
from fsm.room_policy.lint.logs import Cast, event, moved
from fsm.room_policy.lint.powers import Powers
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import BANNED, OUTSIDE, Role


def bounds_are_sound(policy: RolePolicy) -> Iterator[Fault]:
    """No maximum is below its minimum (3)."""
    powers = policy.derived(Powers)
    for role in policy.roles.roles:
        if not (role.participants.is_sound and role.active.is_sound):
            subject = f"a maximum of {powers.name(role.index)} is below its minimum"
            yield Fault((role.index,), subject, _roles_again(powers), (to.sound_bounds(role),))


def open_join_is_for_outsiders(policy: RolePolicy) -> Iterator[Fault]:
    """Spec: "canOpenJoin MUST NOT appear in any non-zero role" (8.1.1)."""
    powers = policy.derived(Powers)
    for role in policy.roles.roles:
        if role.index != OUTSIDE and powers.has(role.index, "canOpenJoin"):
            subject = f"{powers.name(role.index)} has canOpenJoin"
            yield Fault((role.index,), subject, _roles_again(powers), (to.without(role, "canOpenJoin"),))


def fixed_rooms_let_nobody_add(policy: RolePolicy) -> Iterator[Fault]:
    """Where the membership is fixed, no role but 0 and 1 holds canAddParticipant (5)."""
    powers = policy.derived(Powers)
    if policy.base is None or not policy.base.fixed_membership:
        return
    for role in policy.roles.roles:
        if role.index not in (OUTSIDE, BANNED) and powers.has(role.index, "canAddParticipant"):
            subject = f"the membership is fixed, and {powers.name(role.index)} has canAddParticipant"
            yield Fault((role.index,), subject, _roles_again(powers), (to.without(role, "canAddParticipant"),))


def role_one_is_for_the_banned(policy: RolePolicy) -> Iterator[Fault]:
    """Spec: "The 'banned' role always has `role_index` = 1 and `role_name` = 'banned'" (8.1.3)."""
    powers = policy.derived(Powers)
    role = powers.by_index.get(BANNED)
    if role is None:
        return
    if not policy.roles.have_banned:
        subject = f"role 1 is named {powers.name(BANNED)}, not `banned`: nobody can be banned"
        user = Cast(powers, (BANNED,))
        yield Fault(("name",), subject, (user.create(), event("hub", "newcomer", "add", role_index=BANNED)),
                    (to.named_banned(),))  # fmt: skip
        return
    cast = Cast(powers, (BANNED,))
    if role.active.maximum != 0:
        subject = "the banned may have clients in the group"
        yield Fault(("active",), subject, (cast.create(clients=False), _own_client(cast)), (to.inactive(role),))
    if role.capabilities or role.changes:
        held = [*map(str, map(write_capability, sorted(role.capabilities))), *(f"{a} → …" for a in role.changes)]
        ways = (*to.without(role, *role.capabilities), *to.cut(role, *_arrows(role)))
        subject = f"the banned hold {', '.join(held[:6])}"
        yield Fault(("holds",), subject, (cast.create(), event(cast[0], cast[0], "remove")), (ways,))


def nothing_is_dead(policy: RolePolicy) -> Iterator[Fault]:
    """Every capability and every authorized change is of some use."""
    powers = policy.derived(Powers)
    for role in policy.roles.roles:
        dead = [name for name in _USES if powers.has(role.index, name) and not _is_used(powers, role.index, name)]
        if dead:
            subject = f"{powers.name(role.index)} can never use {', '.join(dead)}"
            ways = (to.without(role, *dead),)
            yield Fault((role.index, "capabilities"), subject, _tried(powers, role.index, dead[0]), ways)
        undefined = [(a, b) for a, b in _arrows(role) if {a, b} - {OUTSIDE} - powers.by_index.keys()]
        idle = [each for each in _arrows(role) if each not in undefined and not _is_followed(powers, role.index, *each)]
        if idle:
            subject = f"{powers.name(role.index)} can never use its changes {_shown(idle)}"
            yield Fault((role.index, "changes"), subject, _followed(powers, role.index, *idle[0]),
                        (to.cut(role, *idle),))  # fmt: skip
        if undefined:
            subject = (
                f"{powers.name(role.index)} has changes from or to roles that are not defined: {_shown(undefined)}"
            )
            yield Fault((role.index, "undefined"), subject, _followed(powers, role.index, *undefined[0]),
                        (to.cut(role, *undefined),))  # fmt: skip
        if role.twice:
            subject = f"{powers.name(role.index)} has several entries for role {role.twice[0]}"
            yield Fault((role.index, "twice"), subject, _roles_again(powers), (to.read_once(role),))
        unknown = sorted(number for number in role.capabilities if number not in NAMES)
        if unknown:
            subject = f"{powers.name(role.index)} holds {', '.join(map(str, unknown[:6]))}, which no registry defines"
            yield Fault((role.index, "unknown"), subject, _roles_again(powers), (to.without(role, *unknown),))
    for place, entry in enumerate(policy.preauthorizations):
        if entry.role not in powers.by_index or entry.role == OUTSIDE:
            subject = f"preauthorized_entries[{place}] leads to role {entry.role}, which nobody can take"
            yield Fault((place, "entry"), subject, _roles_again(powers), (to.without_entry(entry, place),))
        earlier = (each for each in policy.preauthorizations[:place] if each.role != OUTSIDE)
        first = next((each for each in earlier if each.claims <= entry.claims), None)
        if first is not None:
            before = policy.preauthorizations.index(first)
            subject = f"preauthorized_entries[{place}] never counts: entry {before} comes first and asks for no more"
            yield Fault((place, "behind"), subject, _roles_again(powers), (to.without_entry(entry, place),))


def expected_pairs_are_whole(policy: RolePolicy) -> Iterator[Fault]:
    """Capabilities that one expects together: who may do the one lacks the other."""
    powers = policy.derived(Powers)
    active = [index for index in powers.seated if powers.is_active(index)]
    for index in powers.seated:
        role = powers.by_index[index]
        for one, other in _PAIRS:
            if powers.has(index, one) and _is_used(powers, index, one) and not powers.has(index, other):
                subject = f"{powers.name(index)} has {one} without {other}"
                # With `canKick` they would kick those whom they may do nothing else to.
                is_too_much = other == "canKick" and not all(powers.may_put_out(index, each) for each in active)
                cannot = KICKS if is_too_much else ""
                ways = () if cannot else (to.with_(role, other),)
                yield Fault((index, one, other), subject, _tried(powers, index, other), ways, cannot)


KICKS = "`canKick` knows no rank: issue 3 of the draft, what a kick is"
"""Why who may do something to some only cannot be given `canKick`."""


_PAIRS = (
    ("canRemoveParticipant", "canKick"),
    ("canBan", "canUnBan"),
    ("canAddOwnClient", "canRemoveOwnClient"),
    ("canRemoveOwnClient", "canAddOwnClient"),
)

_USES = {
    "canAddParticipant": "add",
    "canRemoveParticipant": "remove",
    "canRemoveSelf": "leave",
    "canBan": "ban",
    "canUnBan": "unban",
    "canChangeUserRole": "change_role",
    "canUseJoinCode": "code_join",
}
"""The capabilities that are of no use without an authorized change, each with its row."""

_OTHERS = ("add", "remove", "ban_outsider", "ban", "unban", "change_role")


def _is_used(powers: Powers, index: int, name: str) -> bool:
    row = _USES.get(name)
    if row is None:
        return True
    if name == "canUseJoinCode":
        return any(powers.may_self(row, OUTSIDE, dest) for dest in powers.seated) or index != OUTSIDE
    if name == "canRemoveSelf":
        return powers.may_self(row, index)
    sources = (OUTSIDE,) if row == "add" else (*powers.inside,)
    dests = (OUTSIDE,) if row == "remove" else powers.inside
    used = any(powers.may(row, index, source, dest) for source in sources for dest in dests)
    return used or (name == "canBan" and powers.may("ban_outsider", index, OUTSIDE, BANNED))


def _is_followed(powers: Powers, index: int, source: int, dest: int) -> bool:
    """Whether any row lets holders of a role follow one of its changes."""
    if any(powers.may(row, index, source, dest) for row in _OTHERS):
        return True
    if source == OUTSIDE and (index == OUTSIDE or powers.has(index, "canUseJoinCode")):
        by_code = powers.asked("code_join", sender=OUTSIDE, acting=index, target=OUTSIDE, wanted=dest, is_self=True)
        return by_code or (index == OUTSIDE and powers.may_self("open_join", OUTSIDE, dest))
    return source == index and dest == OUTSIDE and powers.may_self("leave", index)


def _arrows(role: Role) -> list[tuple[int, int]]:
    return [(source, dest) for source, dests in role.changes.items() for dest in sorted(dests)]


def _shown(arrows: list[tuple[int, int]]) -> str:
    shown = ", ".join(f"{source} → {dest}" for source, dest in arrows[:6])
    return shown if len(arrows) <= 6 else f"{shown}, …"  # noqa: PLR2004 - as many as fit


def _own_client(cast: Cast) -> dict[str, object]:
    return event(cast[0], cast[0], "add_clients", clients=["new"])


def _roles_again(powers: Powers) -> tuple[dict[str, object], ...]:
    """A room with these roles: that it can begin with them shows what is odd about them."""
    return (Cast(powers, powers.seated[:1]).create(),)


def _tried(powers: Powers, index: int, capability: str) -> tuple[dict[str, object], ...]:
    """An attempt to use a capability."""
    if index not in powers.inside:
        cast = Cast(powers, ())
        return cast.create(), moved("code_join", "newcomer", "newcomer", next(iter(powers.seated), BANNED))
    others = (other for other in powers.seated if other != index)
    cast = Cast(powers, (index, next(others, index)))
    user, other = cast[0], cast[1]
    tries = {
        "canAddParticipant": event(user, "newcomer", "add", role_index=index),
        "canRemoveParticipant": event(user, other, "remove"),
        "canRemoveSelf": event(user, user, "remove"),
        "canBan": event(user, other, "change_role", role_index=BANNED, remove_clients=True),
        "canChangeUserRole": event(user, other, "change_role", role_index=index),
        "canUseJoinCode": moved("code_join", user, user, index),
        "canKick": event(user, other, "remove_clients"),
        "canAddOwnClient": event(user, user, "add_clients", clients=["new"]),
        "canRemoveOwnClient": event(user, user, "remove_clients"),
    }
    if capability == "canUnBan" and BANNED in powers.inside:
        cast = Cast(powers, (index, BANNED))
        return cast.create(), event(cast[0], cast[1], "change_role", role_index=next(iter(powers.seated), BANNED))
    return cast.create(), tries.get(capability, event(user, other, "remove"))


def _followed(powers: Powers, index: int, source: int, dest: int) -> tuple[dict[str, object], ...]:
    """An attempt to follow an authorized change."""
    actors = (index,) if index in powers.inside else ()
    targets = (source,) if source in powers.inside else ()
    cast = Cast(powers, (*actors, *targets))
    user = cast[0] if actors else "newcomer"
    target = cast[len(actors)] if targets else ("newcomer" if actors else user)
    if source == OUTSIDE or source not in powers.by_index:
        return cast.create(), event(user, target, "add", role_index=dest or 1)
    if dest == OUTSIDE:
        return cast.create(), event(user, target, "remove")
    return cast.create(), event(user, target, "change_role", role_index=dest)
