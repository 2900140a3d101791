"""The conditions of rooms with roles, as values: each says which facts it looks at, and can be pickled.

Those that look at role definitions hold them. Such a condition has a `table`: what of
the definitions makes a difference to it, by which fingerprints tell policies apart.

Spec: "Role Capabilities" (8)
"""

from dataclasses import dataclass
from typing import Any, Protocol

from fsm.facts import EVENT, PAIR, ROOM, SENDER, Subject, Value
from fsm.guards import Guard, Norm
from fsm.room_policy.capabilities import NUMBERS
from fsm.room_policy.draft import SAYS
from fsm.room_policy.facts import Clients, RoleFacts
from fsm.room_policy.roles import OUTSIDE, Roles

RoleGuard = Guard[Any]


class _Named:
    """A test that is a value, called by what its field `name` says."""

    __slots__ = ()

    name: str

    @property
    def __name__(self) -> str:
        """The name by which refusals call it."""
        return self.name


class _Condition(Protocol):
    """What is asked of the facts, with a name."""

    @property
    def __name__(self) -> str: ...

    def __call__(self, facts: Any, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Fact(_Named):
    """Whether a fact has a value."""

    name: str
    fact: str
    value: Value

    @property
    def reads(self) -> frozenset[str]:
        """The fact."""
        return frozenset({self.fact})

    def __call__(self, facts: Any) -> bool:
        """Whether it holds."""
        return getattr(facts, self.fact) is self.value


@dataclass(frozen=True, slots=True)
class FactIsNot(_Named):
    """Whether a fact has any value but one."""

    name: str
    fact: str
    value: Value

    @property
    def reads(self) -> frozenset[str]:
        """The fact."""
        return frozenset({self.fact})

    def __call__(self, facts: Any) -> bool:
        """Whether it holds."""
        return getattr(facts, self.fact) is not self.value


@dataclass(frozen=True, slots=True)
class Holds(_Named):
    """Whether a role holds a capability: the acting one, or the one that is wanted. Role 0 holds none here.

    Spec: "the `role_capabilities` list contains the relevant capability" (8)
    """

    roles: Roles
    name: str
    fact: str = "acting"

    @property
    def reads(self) -> frozenset[str]:
        """The fact that says which role."""
        return frozenset({self.fact})

    @property
    def table(self) -> list[Any]:
        """The roles of which it is true."""
        return [role.index for role in self.roles.roles if self.holds(role.index)]

    def __call__(self, facts: Any) -> bool:
        """Whether it holds."""
        return self.holds(getattr(facts, self.fact).word)

    def holds(self, index: int) -> bool:
        """Whether a role does."""
        return index != OUTSIDE and self.roles.has(index, NUMBERS[self.name])


@dataclass(frozen=True, slots=True)
class OutsidersHold(_Named):
    """Whether role 0 holds a capability and the sender is an outsider; with `acting`, the acting role will do as well.

    Spec: "when this capability appears on role zero, any user who is not already in the participant list" (8.1.1)
    """

    roles: Roles
    name: str
    acting: bool = False

    @property
    def reads(self) -> frozenset[str]:
        """Where the sender stands, and the role in which it acts, if that counts."""
        return frozenset({"sender", "acting"} if self.acting else {"sender"})

    @property
    def table(self) -> list[Any]:
        """The roles of which it is true."""
        return [role.index for role in self.roles.roles if self._holds(role.index) and self._counts(role.index)]

    def __call__(self, facts: RoleFacts) -> bool:
        """Whether it holds."""
        by_acting = self.acting and facts.acting.word != OUTSIDE and self._holds(facts.acting.word)
        return by_acting or (facts.sender.word == OUTSIDE and self._holds(OUTSIDE))

    def _holds(self, index: Any) -> bool:
        return self.roles.has(index, NUMBERS[self.name])

    def _counts(self, index: int) -> bool:
        return self.acting or index == OUTSIDE


@dataclass(frozen=True, slots=True)
class MayTakeClients(_Named):
    """Whether clients that go along may: the acting role holds the capability to remove them."""

    holds: Holds
    name: str = "clients_may_be_removed"
    reads = frozenset({"acting", "clients"})

    @property
    def table(self) -> list[Any]:
        """The roles of which it is true."""
        return [self.holds.name, self.holds.table]

    def __call__(self, facts: RoleFacts) -> bool:
        """Whether it holds."""
        return facts.clients is not Clients.GO or self.holds(facts)


@dataclass(frozen=True, slots=True)
class Leads(_Named):
    """Whether the changes of the acting role lead from the target's role to the one that is wanted, or to 0.

    Spec: "authorized_role_changes" (3, 8.1)
    """

    roles: Roles
    removes: bool = False
    name: str = "role_change_is_authorized"

    @property
    def reads(self) -> frozenset[str]:
        """The roles that it looks at."""
        return frozenset({"target", "acting"} if self.removes else {"target", "acting", "wanted"})

    @property
    def table(self) -> list[Any]:
        """The changes of which it is true."""
        return [
            [role.index, source, sorted(dests & {OUTSIDE} if self.removes else dests)]
            for role in self.roles.roles
            if role.index != OUTSIDE
            for source, dests in role.changes.items()
        ]

    def __call__(self, facts: Any) -> bool:
        """Whether it holds."""
        dest = OUTSIDE if self.removes else facts.wanted.word
        by = facts.acting.word
        return by != OUTSIDE and self.roles.leads(by, facts.target.word, dest)


@dataclass(frozen=True, slots=True)
class LeadsIn(_Named):
    """Whether changes lead from 0 to the role that is wanted: those of role 0 or, with a capability, of who holds that.

    The holders are among role 0 and the acting role; where neither holds it, both count.

    Spec: "refers to a valid target role" (8.1.1), which we read as one to which an entry leads from role 0
    """

    roles: Roles
    capability: str | None = None
    name: str = "role_change_is_authorized"

    @property
    def reads(self) -> frozenset[str]:
        """The roles that it looks at."""
        return frozenset({"wanted"} if self.capability is None else {"wanted", "acting"})

    @property
    def table(self) -> list[Any]:
        """The roles to which changes lead, by the acting role."""
        acting = [OUTSIDE] if self.capability is None else [OUTSIDE, *self.roles.by_index]
        return [[by, sorted(frozenset().union(*map(self._into, self._holders(by))))] for by in acting]

    def __call__(self, facts: Any) -> bool:
        """Whether it holds."""
        holders = self._holders(OUTSIDE if self.capability is None else facts.acting.word)
        return any(facts.wanted.word in self._into(index) for index in holders)

    def _holders(self, acting: Any) -> tuple[int, ...]:
        if self.capability is None:
            return (OUTSIDE,)
        both = (OUTSIDE, acting)
        number = NUMBERS[self.capability]
        return tuple(index for index in both if self.roles.has(index, number)) or both

    def _into(self, index: int) -> frozenset[int]:
        role = self.roles.by_index.get(index)
        return frozenset() if role is None else role.changes.get(OUTSIDE, frozenset())


@dataclass(frozen=True, slots=True)
class BannedExists(_Named):
    """Whether role 1 is that of the banned, by its name.

    Spec: "The 'banned' role always has `role_index` = 1 and `role_name` = 'banned'" (8.1.3)
    """

    roles: Roles
    name: str = "banned_role_exists"
    reads = frozenset[str]()

    @property
    def table(self) -> list[Any]:
        """Whether it is true."""
        return [self.roles.have_banned]

    def __call__(self, _: RoleFacts) -> bool:
        """Whether it holds."""
        return self.roles.have_banned


@dataclass(frozen=True, slots=True)
class MayChange(_Named):
    """Whether a field of the metadata stays as it is, or the acting role may change it.

    Spec: "Adjust metadata" (8.2)
    """

    holds: Holds
    fact: str

    @property
    def name(self) -> str:  # type: ignore[override]
        """The capability."""
        return self.holds.name

    @property
    def reads(self) -> frozenset[str]:
        """The role, and whether the field changes."""
        return frozenset({"acting", self.fact})

    @property
    def table(self) -> list[Any]:
        """The roles of which it is true."""
        return [self.fact, self.holds.table]

    def __call__(self, facts: Any) -> bool:
        """Whether it holds."""
        return not getattr(facts, self.fact) or self.holds(facts)


def fact(name: str, holds: str, fails: str, norm: Norm, value: Value = True, of: str | None = None) -> RoleGuard:  # noqa: PLR0913, PLR0917 - a table below
    """The guard that asks for a value of one fact."""
    return _quoting(Fact(name, of or name, value), holds, fails, norm)


def holds(roles: Roles, capability: str) -> RoleGuard:
    """The guard that asks the acting role for a capability."""
    return _holding(Holds(roles, capability), "the sender's role", SENDER)


def wanted_holds(roles: Roles, capability: str) -> RoleGuard:
    """The same of the role that the event asks for."""
    return _holding(Holds(roles, capability, "wanted"), "the wanted role", EVENT)


def outsiders_hold(roles: Roles, capability: str) -> RoleGuard:
    """The same of outsiders, by role 0."""
    return _holding(OutsidersHold(roles, capability), "role 0, for outsiders,", ROOM)


def either_holds(roles: Roles, capability: str) -> RoleGuard:
    """The same of the acting role or, for outsiders, of role 0."""
    return _holding(
        OutsidersHold(roles, capability, acting=True), "the sender's role or, for outsiders, role 0", SENDER
    )


def changes_lead(test: Leads | LeadsIn) -> RoleGuard:
    """The guard that asks for an authorized role change."""
    return _quoting(
        test,
        "the role change is authorized",
        "the role change is not authorized",
        Norm(SENDER, "be authorized for the change from the target's role"),
    )


def banned_role_exists(roles: Roles) -> RoleGuard:
    """The guard that asks whether role 1 is that of the banned."""
    return _quoting(
        BannedExists(roles),
        "role 1 is named `banned`",
        "no role 1 is named `banned`",
        Norm(ROOM, "have a role 1 that is named `banned`"),
    )


def clients_may_be_removed(roles: Roles, capability: str) -> RoleGuard:
    """The guard that asks for the capability to remove the clients that go along."""
    return _quoting(
        MayTakeClients(Holds(roles, capability)),
        "clients that go along may be removed",
        f"clients would go along, and the sender's role lacks {capability}",
        Norm(SENDER, f"hold the capability {capability} if clients go along"),
    )


def may_change(roles: Roles, capability: str, changes: str) -> RoleGuard:
    """The guard that asks for a capability if a field changes."""
    return _quoting(
        MayChange(Holds(roles, capability), changes),
        f"the sender's role has {capability}, if that is needed",
        f"the sender's role lacks {capability}",
        Norm(SENDER, f"hold the capability {capability} if that field changes"),
    )


def _quoting(test: _Condition, holds: str, fails: str, norm: Norm) -> RoleGuard:
    """The guard, with what the draft says of it."""
    return Guard(test, holds, fails, norm, says=SAYS[test.__name__])


def _holding(test: Holds | OutsidersHold, whose: str, subject: Subject) -> RoleGuard:
    norm = Norm(subject, f"hold the capability {test.name}")
    return _quoting(test, f"{whose} has {test.name}", f"{whose} lacks {test.name}", norm)


# fmt: off
sender_is_another = fact("sender_is_another", "the sender is another user", "the sender is the target",
                         Norm(PAIR, "NOT be the same"), value=False, of="is_self")
sender_is_target = fact("sender_is_target", "the sender is the target", "the sender is not the target",
                        Norm(PAIR, "be the same"), of="is_self")
preauthorized_for_role = fact(
    "preauthorized_for_role", "the sender is preauthorized for the role",
    "the sender is not preauthorized for the role",
    Norm(SENDER, "match that role first in the list of preauthorized users"))
join_code_is_valid = fact("join_code_is_valid", "the join code is valid for the role",
                          "no valid join code for the role", Norm(EVENT, "hold a valid join code for the role"))
minimum_participants_holds = fact(
    "minimum_participants_holds", "enough participants stay in the role", "too few participants would stay in the role",
    Norm(ROOM, "respect the `minimum_participants_constraint`"))
minimum_active_participants_holds = fact(
    "minimum_active_participants_holds", "enough active participants stay in the role",
    "too few active participants would stay in the role",
    Norm(ROOM, "respect the `minimum_active_participants_constraint`"))
maximum_participants_holds = fact(
    "maximum_participants_holds", "the role has room for participants", "too many participants would be in the role",
    Norm(ROOM, "respect the `maximum_participants_constraint`"))
maximum_active_participants_holds = fact(
    "maximum_active_participants_holds", "the role has room for active participants",
    "too many active participants would be in the role",
    Norm(ROOM, "respect the `maximum_active_participants_constraint`"))
membership_is_not_fixed = fact("membership_is_not_fixed", "membership is not fixed", "membership is fixed",
                               Norm(ROOM, "NOT be of fixed membership"))
max_users_holds = fact("max_users_holds", "the room has room for users", "the room would have too many users",
                       Norm(ROOM, "NOT have more users than `max_users`"))
max_clients_holds = fact("max_clients_holds", "the group has room for clients", "the group would have too many clients",
                         Norm(ROOM, "NOT have more clients than `max_clients`"))
one_client_holds = fact("one_client_holds", "the user may have that many clients", "the user may have one client only",
                        Norm(ROOM, "be `multi_device`, or have one client for the user"))
clients_are_in_group = fact("clients_are_in_group", "the clients are in the group", "the clients are not in the group",
                            Norm(EVENT, "name clients of the target that are in the group"),
                            value=Clients.GO, of="clients")
# fmt: on

clients_are_removed: RoleGuard = _quoting(
    FactIsNot("clients_are_removed", "clients", Clients.STAY),
    "no client of the target stays in the group",
    "clients of the target would stay in the group",
    Norm(EVENT, "remove all clients of the target"),
)
