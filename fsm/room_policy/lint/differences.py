"""What holders of the roles of one set may, and those of another may not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fsm.errors import DefinitionError, counted
from fsm.reach import Reach
from fsm.room_policy.capabilities import GRANTING
from fsm.room_policy.lint.powers import Powers, called
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import OUTSIDE, Bounds, Role

Ability = tuple[int, str, int, int]
"""Who, by which row or with which capability, on holders of which role, and where these come."""

_TO_OTHERS = ("add", "ban_outsider", "remove", "ban", "unban", "change_role", "kick")
_OWN_CLIENTS = ("add_own_client", "remove_own_client")
_INTO = ("open_join", "preauthorized_join", "code_join")


def abilities(policy: RolePolicy) -> frozenset[Ability]:
    """All that the roles let somebody do, where numbers do not forbid it."""
    return policy.derived(_abilities)


COMPARED = 256
"""Of so many roles it is told what their holders may do."""


def _abilities(policy: RolePolicy) -> frozenset[Ability]:
    if len(policy.states) > COMPARED:
        raise DefinitionError(
            f"policy `{policy.id}` has {len(policy.states)} roles, {COMPARED} is the most to say who may do what"
        )
    return frozenset(_found(policy.derived(Powers)))


def _found(powers: Powers) -> Iterator[Ability]:
    for by in powers.inside:
        yield from _to_others(powers, by)
        yield from _to_oneself(powers, by)
        yield from ((by, GRANTING[number], OUTSIDE, OUTSIDE) for number in powers.of(by))
    for row in _INTO:
        for dest in powers.inside:
            if powers.may_self(row, OUTSIDE, dest, preauthorized_for_role=row == "preauthorized_join"):
                yield OUTSIDE, row, OUTSIDE, dest


def _to_others(powers: Powers, by: int) -> Iterator[Ability]:
    active = tuple(index for index in powers.seated if powers.is_active(index))
    arrows = [(source, dest) for source, dests in powers.arrows(by).items() for dest in sorted(dests)]
    for row in _TO_OTHERS:
        for source, dest in ((index, OUTSIDE) for index in active) if row == "kick" else arrows:
            if row == "remove" and dest != OUTSIDE:
                continue
            if (row == "kick" or source != dest) and powers.may(row, by, source, dest):
                yield by, row, source, dest


def _to_oneself(powers: Powers, by: int) -> Iterator[Ability]:
    if powers.may_self("leave", by):
        yield by, "leave", by, OUTSIDE
    yield from ((by, row, by, by) for row in _OWN_CLIENTS if powers.may_self(row, by, by))
    for dest in powers.inside:
        if dest != by and powers.may_self("change_own_role", by, dest, preauthorized_for_role=True):
            yield by, "change_own_role", by, dest


def reach_of(policy: RolePolicy) -> tuple[Reach, ...]:
    """The same of membership, by states; in the order of the rows and of the roles."""
    powers, order = policy.derived(Powers), [row.id for row in policy.transitions]
    found = [each for each in abilities(policy) if each[1] in order]
    own = ("leave", "change_own_role", *_OWN_CLIENTS, *_INTO)
    return tuple(
        Reach(
            powers.states[by],
            row,
            powers.states[source],
            powers.states[source if row == "kick" else dest],
            is_self=row in own,
        )
        for by, row, source, dest in sorted(found, key=lambda each: (each[0], order.index(each[1]), each[2:]))
    )


def told(policy: RolePolicy, some: Iterable[Ability], may: str = "may") -> tuple[str, ...]:
    """Abilities in words, those of one role by one row together, and its capabilities."""
    powers = policy.derived(Powers)
    grouped: dict[tuple[int, str], list[Ability]] = {}
    for each in sorted(some):
        grouped.setdefault((each[0], "use" if _is_capability(each) else each[1]), []).append(each)
    return tuple(
        f"{'outsiders' if by == OUTSIDE else powers.name(by)} {may} {_words(powers, verb, found)}"
        for (by, verb), found in grouped.items()
    )


def _is_capability(ability: Ability) -> bool:
    return ability[1].startswith("can")


def _words(powers: Powers, verb: str, found: list[Ability]) -> str:
    pairs = [(source, dest) for _, _, source, dest in found]
    if verb == "use":
        return f"use {', '.join(name for _, name, *_ in found)}"
    if verb in ("leave", "add_own_client", "remove_own_client"):
        return f"`{verb}`"
    if verb in ("kick", "remove", "ban"):
        return f"`{verb}` {powers.names(source for source, _ in pairs)}"
    if verb in ("add", "unban", "ban_outsider", *_INTO, "change_own_role"):
        return f"`{verb}` to {powers.names(dest for _, dest in pairs)}"
    dests: dict[int, list[int]] = {}
    for source, dest in pairs:
        dests.setdefault(source, []).append(dest)
    return f"`{verb}` {'; '.join(f'{powers.name(source)} → {powers.names(some)}' for source, some in dests.items())}"


def changes(old: RolePolicy, new: RolePolicy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What may be done under the new roles only, and what no longer."""
    before, after = abilities(old), abilities(new)
    return told(new, after - before), told(old, before - after, "may no longer")


@dataclass(frozen=True, slots=True)
class Preview:
    """What one set of roles changes about another: in words what may be done then, and what no longer.

    `appear` and `go` are the names of roles, `bounds` the minima and maxima that change, and `holders` says of
    each role that differs who in the room has it. `beside` is what of this is not about who may do what to whom.
    """

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    appear: tuple[str, ...]
    go: tuple[str, ...]
    bounds: tuple[str, ...]
    holders: Mapping[str, tuple[str, ...]]
    beside: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return any((self.gained, self.lost, self.appear, self.go, self.bounds))

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            **{name: list(getattr(self, name)) for name in ("gained", "lost", "appear", "go", "bounds")},
            "holders": {role: list(users) for role, users in self.holders.items()},
        }


def preview(old: RolePolicy, new: RolePolicy, listed: Mapping[str, int] = MappingProxyType({})) -> Preview:
    """What differs between two role sets, in a room in which these users have these roles."""
    before, after = old.roles.by_index, new.roles.by_index
    gained, lost = changes(old, new)
    concerned = {by for by, *_ in abilities(old) ^ abilities(new)} | (before.keys() ^ after.keys())
    concerned |= {index for index in before.keys() & after.keys() if before[index] != after[index]}
    holders: dict[str, tuple[str, ...]] = {}
    for user, index in listed.items():
        if index in concerned:
            name = old.derived(Powers).name(index)
            holders[name] = (*holders.get(name, ()), user)
    appear = tuple(called(after[index]) for index in after if index not in before)
    go = tuple(called(before[index]) for index in before if index not in after)
    bounds = (
        *(line for index in before if index in after for line in _bounds(before[index], after[index])),
        *_beside_roles(old, new),
    )
    beside = (
        *(f"{role} appears" for role in appear),
        *(f"{role} goes" for role in go),
        *bounds,
        *(f"+ {line}" for line in told(new, filter(_is_capability, abilities(new) - abilities(old)))),
        *(
            f"\N{MINUS SIGN} {line}"
            for line in told(old, filter(_is_capability, abilities(old) - abilities(new)), "may no longer")
        ),
    )
    return Preview(gained, lost, appear, go, bounds, holders, beside)


def _beside_roles(old: RolePolicy, new: RolePolicy) -> Iterator[str]:
    """What differs in what rooms begin with."""
    for policy, other, what in ((old, new, "goes"), (new, old, "appears")):
        for place, entry in enumerate(policy.preauthorizations):
            if entry not in other.preauthorizations:
                name = policy.derived(Powers).name(entry.role)
                yield f"preauthorized_entries[{place}], with {counted(len(entry.claims), 'claim')}, for {name}, {what}"
    if old.base != new.base:
        yield "the base policy of rooms is another"


def _bounds(old: Role, new: Role) -> Iterator[str]:
    if old.name != new.name:
        yield f"{called(old)} is called {called(new)}"
    for words, one, other in (("participants", old.participants, new.participants), ("active", old.active, new.active)):
        if one != other:
            yield f"{called(new)}: {words} {_spelled(one)}, then {_spelled(other)}"


def _spelled(bounds: Bounds) -> str:
    return f"{bounds.minimum} or more" if bounds.maximum is None else f"{bounds.minimum} to {bounds.maximum}"
