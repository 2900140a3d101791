"""Changes of a role set, one word of it at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fsm.room_policy.capabilities import NUMBERS, write_capability
from fsm.room_policy.components import Preauthorization
from fsm.room_policy.lint.powers import called
from fsm.room_policy.policies import RolePolicy, policy_of
from fsm.room_policy.roles import BANNED, BANNED_NAME, Bounds, Role, Roles

_Changed = Callable[[Role], Role]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: of a role, or of the list of preauthorized users."""

    words: str
    index: int | None = None
    change: _Changed | None = None
    entry: Preauthorization | None = None
    """An entry that goes."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Edit) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)


Edits = tuple[Edit, ...]


def edited(policy: RolePolicy, edits: Iterable[Edit]) -> RolePolicy:
    """The policy of the role set with these changes."""
    roles = dict(policy.roles.by_index)
    entries = policy.preauthorizations
    for edit in edits:
        if edit.entry is not None:
            entries = tuple(each for each in entries if each != edit.entry)
        elif edit.index is not None and edit.index in roles and edit.change is not None:
            roles[edit.index] = edit.change(roles[edit.index])
    return policy_of(
        Roles(tuple(roles.values())),
        id=policy.id,
        title=policy.title,
        source=policy.source,
        preauthorizations=entries,
        base=policy.base,
    )


def without(role: Role, *capabilities: str | int) -> Edits:
    """A role without these capabilities, of those that it has."""
    return tuple(
        Edit(
            f"{called(role)} loses {write_capability(number)}",
            role.index,
            lambda role, number=number: replace(role, capabilities=role.capabilities - {number}),  # type: ignore[misc]
        )
        for number in map(_number, capabilities)
        if number in role.capabilities
    )


def with_(role: Role, *capabilities: str | int) -> Edits:
    """A role with these capabilities, too."""
    return tuple(
        Edit(
            f"{called(role)} gets {write_capability(number)}",
            role.index,
            lambda role, number=number: replace(role, capabilities=role.capabilities | {number}),  # type: ignore[misc]
        )
        for number in map(_number, capabilities)
        if number not in role.capabilities
    )


def cut(role: Role, *changes: tuple[int, int]) -> Edits:
    """A role that is no longer authorized for these role changes."""
    return tuple(
        Edit(
            f"{called(role)} is no longer authorized for {source} → {dest}",
            role.index,
            lambda role, source=source, dest=dest: _with_dests(role, source, role.changes[source] - {dest}),  # type: ignore[misc]
        )
        for source, dest in changes
        if dest in role.changes.get(source, ())
    )


def lead(role: Role, *changes: tuple[int, int]) -> Edits:
    """A role that is authorized for these role changes, too."""
    return tuple(
        Edit(
            f"{called(role)} is authorized for {source} → {dest}",
            role.index,
            lambda role, source=source, dest=dest: _with_dests(  # type: ignore[misc]
                role, source, role.changes.get(source, frozenset()) | {dest}
            ),
        )
        for source, dest in changes
        if dest not in role.changes.get(source, ())
    )


def without_minimum(role: Role) -> Edits:
    """A role that may be empty."""
    edits: list[Edit] = []
    if role.participants.minimum:
        edits.append(
            Edit(
                f"{called(role)} has minimum_participants_constraint 0",
                role.index,
                lambda role: replace(role, participants=replace(role.participants, minimum=0)),
            )
        )
    if role.active.minimum:
        edits.append(
            Edit(
                f"{called(role)} has minimum_active_participants_constraint 0",
                role.index,
                lambda role: replace(role, active=replace(role.active, minimum=0)),
            )
        )
    return tuple(edits)


def sound_bounds(role: Role) -> Edits:
    """A role whose maxima are not below its minima."""

    def least(bounds: Bounds) -> Bounds:
        return bounds if bounds.is_sound else replace(bounds, minimum=bounds.maximum or 0)

    return (
        Edit(
            f"{called(role)} has minima that are not above its maxima",
            role.index,
            lambda role: replace(role, participants=least(role.participants), active=least(role.active)),
        ),
    )


def inactive(role: Role) -> Edits:
    """A role whose holders have no clients."""
    return (
        Edit(
            f"{called(role)} has maximum_active_participants_constraint 0",
            role.index,
            lambda role: replace(role, active=Bounds(0, 0)),
        ),
    )


def named_banned() -> Edits:
    """Role 1 by its name."""
    return (Edit(f"role {BANNED} is named `{BANNED_NAME}`", BANNED, lambda role: replace(role, name=BANNED_NAME)),)


def read_once(role: Role) -> Edits:
    """A role with one entry for each role that is left."""
    return (Edit(f"{called(role)} has one entry for each role", role.index, lambda role: replace(role, twice=())),)


def without_entry(entry: Preauthorization, place: int) -> Edits:
    """The list of preauthorized users without an entry."""
    return (Edit(f"preauthorized_entries[{place}], for role {entry.role}, goes", entry=entry),)


def _with_dests(role: Role, source: int, dests: frozenset[int]) -> Role:
    changes = {**role.changes, source: dests}
    return replace(role, changes={source: dests for source, dests in sorted(changes.items()) if dests})


def _number(capability: str | int) -> int:
    return NUMBERS[capability] if isinstance(capability, str) else capability
