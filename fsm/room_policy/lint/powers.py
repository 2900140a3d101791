"""What the holders of a role may do to whom: every answer is asked of the rows of the policy.

Unless a question says otherwise the case is favourable: all bounds hold, clients stand
in nobody's way, codes are valid. So what is denied here is denied by the roles.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from fsm.room_policy.capabilities import GRANTING, NUMBERS
from fsm.room_policy.components import Preauthorization
from fsm.room_policy.facts import Clients, RoleFacts
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import BANNED, OUTSIDE, Role

_OF_COMING_AND_GOING = frozenset(NUMBERS[name] for name in ("canOpenJoin", "canJoinIfPreauthorized", "canRemoveSelf"))
"""Capabilities that say how one comes into a role and leaves the room, and are no power over anything."""


class Powers:
    """What each role of a policy may do."""

    def __init__(self, policy: RolePolicy) -> None:
        self.policy = policy
        self.roles = policy.roles
        self.by_index = policy.roles.by_index
        self.states: dict[int, Any] = {state.word: state for state in policy.states}  # type: ignore[union-attr,misc]
        self.inside: tuple[int, ...] = tuple(index for index in sorted(self.by_index) if index != OUTSIDE)
        """The roles of who is in the list."""
        self.seated: tuple[int, ...] = tuple(
            index for index in self.inside if index != BANNED or not policy.roles.have_banned
        )
        """Those of them that are not for the banned."""
        self._rows = {row.id: row for row in policy.transitions}
        self._known: dict[object, bool] = {}

    def may(self, row_id: str, by: int, source: int, dest: int = OUTSIDE, **facts: Any) -> bool:
        """Whether a row leads the target from one role to another, by somebody else in the role `by`."""
        return self.asked(row_id, sender=by, acting=by, target=source, wanted=dest, is_self=False, **facts)

    def may_self(self, row_id: str, source: int, dest: int = OUTSIDE, **facts: Any) -> bool:
        """The same of oneself, by the role that one leaves, be it 0."""
        return self.asked(row_id, sender=source, acting=source, target=source, wanted=dest, is_self=True, **facts)

    def asked(self, row_id: str, **facts: Any) -> bool:
        """Whether a row permits under these facts; roles are told by their indexes."""
        key = (row_id, *sorted(facts.items()))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._ask(row_id, facts)
        return known

    def _ask(self, row_id: str, facts: dict[str, Any]) -> bool:
        row = self._rows.get(row_id)
        if row is None or not {facts["target"], facts["wanted"]} <= self.states.keys():
            return False
        for name in ("sender", "acting", "target", "wanted"):
            facts[name] = self.states[facts[name]]
        if row_id in _TAKE_CLIENTS:
            facts.setdefault("clients", Clients.GO)
        plain = {**self.policy.domain.plain, "join_code_is_valid": True}
        record = RoleFacts(**{**plain, **facts})
        return record.target in row.source and row.permits(record)

    def has(self, index: int, capability: str) -> bool:
        """Whether a role holds a capability."""
        return self.roles.has(index, NUMBERS[capability])

    def of(self, index: int) -> frozenset[int]:
        """The capabilities that grant the holders of a role something."""
        return self._granted[index]

    @cached_property
    def _granted(self) -> dict[int, frozenset[int]]:
        return {
            index: role.capabilities & GRANTING.keys() - _OF_COMING_AND_GOING for index, role in self.by_index.items()
        }

    def lacks(self, index: int, other: int) -> tuple[str, ...]:
        """What the holders of the other role may, and those of this one may not, by the names of capabilities."""
        return tuple(GRANTING[number] for number in sorted(self.of(other) - self.of(index)))

    def is_active(self, index: int) -> bool:
        """Whether holders of the role can have clients in the group."""
        return self.by_index[index].active.maximum != 0

    def demotions(self, by: int, source: int) -> Iterator[int]:
        """The roles to which holders of `by` may change others who hold another role: not that of the banned."""
        for dest in self._led_to(by, source):
            if dest != source and dest in self.seated and self.may("change_role", by, source, dest):
                yield dest

    def may_put_out(self, by: int, index: int) -> bool:
        """Whether holders of `by` may remove, ban or demote those of a role."""
        return (
            self.may("remove", by, index)
            or self.may("ban", by, index, BANNED)
            or any(self.is_lower(dest, index) for dest in self.demotions(by, index))
        )

    def seats(self, by: int) -> Iterator[tuple[str, int, int]]:
        """How holders of a role put others into one: the row, the role that these leave, and where they come."""
        for source in self.arrows(by):
            for dest in self._led_to(by, source):
                if dest not in self.seated or dest == source:
                    continue
                rows = (
                    ("add",)
                    if source == OUTSIDE
                    else ("change_role", "unban")
                    if source == BANNED
                    else ("change_role",)
                )
                for row in rows:
                    if self.may(row, by, source, dest):
                        yield row, source, dest

    def arrows(self, by: int) -> Mapping[int, frozenset[int]]:
        """The role changes that holders of a role are authorized for: no row moves others without one."""
        return self.by_index[by].changes

    def _led_to(self, by: int, source: int) -> list[int]:
        return sorted(self.arrows(by).get(source, ()))

    def ways_in(self) -> Iterator[tuple[str, int]]:
        """How any outsiders come in by themselves, whatever they can prove: the row, and the role."""
        for dest in self.seated:
            for row in ("open_join", "code_join"):
                if self.may_self(row, OUTSIDE, dest):
                    yield row, dest
        entry = self.entry_of_anybody
        if entry is not None and entry.role in self.may_enter_preauthorized:
            yield "preauthorized_join", entry.role

    @cached_property
    def entry_of_anybody(self) -> Preauthorization | None:
        """The first entry of the room's list that asks for no claim: those who can prove nothing act in its role."""
        return next((entry for entry in self.policy.preauthorizations if not entry.claims), None)

    @cached_property
    def entries(self) -> tuple[int, ...]:
        """The roles that the room's list of preauthorized users leads to."""
        targets = (entry.role for entry in self.policy.preauthorizations)
        return tuple(dict.fromkeys(role for role in targets if role in self.seated))

    @property
    def may_enter_preauthorized(self) -> tuple[int, ...]:
        """The roles to which such an entry lets outsiders come: without a list, any may be in one."""
        roles = self.entries if self.policy.preauthorizations else self.seated
        return tuple(
            role for role in roles if self.may_self("preauthorized_join", OUTSIDE, role, preauthorized_for_role=True)
        )

    def closure(self, present: Iterable[int]) -> frozenset[int]:
        """The roles that a room can come to have holders of, if it has some of these, whatever their numbers."""
        found = {*present, *self.may_enter_preauthorized, *(role for _, role in self.ways_in())}
        waiting = [*found]
        while waiting:
            for _, source, dest in self.seats(waiting.pop()):
                if dest not in found and source in (OUTSIDE, BANNED, *found):
                    found.add(dest)
                    waiting = [*found]
        return frozenset(found)

    def is_lower(self, one: int, other: int) -> bool:
        """Whether holders of one role may less than those of another."""
        return len(self.of(one)) < len(self.of(other))

    def name(self, index: int) -> str:
        """What a role is called, for people."""
        role = self.by_index.get(index)
        if role is None:
            return f"role {index}"
        return f"{called(role)} (role {index})" if role.name and self._names[role.name] > 1 else called(role)

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(role.name for role in self.roles.roles)

    def names(self, indexes: Iterable[int]) -> str:
        """Several of them."""
        return ", ".join(map(self.name, indexes))


def called(role: Role) -> str:
    """The name of a role and its index; control characters and the like in it are told by their codes."""
    shown = role.name if role.name.isprintable() else ascii(role.name)[1:-1]
    return f"`{shown[:40]}`" if shown else f"role {role.index}"


_TAKE_CLIENTS = frozenset({"kick", "remove_own_client"})
