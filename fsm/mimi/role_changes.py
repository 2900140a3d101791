"""What a user would change in a room's roles, which is what the rules on changing roles look at."""

from collections.abc import Collection, Mapping
from typing import Any

from fsm.mimi.permissions import Assignment, Flag, Permissions, roles
from fsm.mimi.roles import _EMPTY, CREATOR, NOBODY, Resolved, Roles, Standing, _granted_by


def facts_of(sender: str, own: Standing, creator: str | None, before: Roles, after: Roles) -> tuple[bool, ...]:
    """What guards may know about a change of roles: the last of `fsm.mimi.permits.EventFacts`, in their order."""
    # A creator who reigns may change every role, stands above all, and holds every permission.
    rights = (True, True, True) if own is CREATOR else Change(sender, own, creator, before, after).rights()
    new = after.combined
    return (
        new.has_distinct_ids,
        new.has_distinct_orders,
        *rights,
        # Somebody can still change roles afterwards, if anybody could before.
        new.has_administrator or not before.combined.has_administrator,
    )


class Change:
    """What one user would change in a room's roles: from `before` to `after`.

    `own` is where the sender stands before, and `creator` is the room's, who may still reign.

    A role is *touched* when its permissions, its order or its users change,
    but not when all that happens is that the sender steps out of it: removing
    or demoting oneself is always possible.
    """

    def __init__(self, sender: str, own: Standing, creator: str | None, before: Roles, after: Roles) -> None:
        self.sender = sender
        self.own = own
        self.creator = creator
        self.before = before
        self.after = after
        self._is_same_map = after.shape is before.shape and after.users is before.users
        self._resolved: tuple[Resolved, Resolved] = (
            before.resolved,
            before.resolved if self._is_same_map else after.resolved,
        )
        """What follows from the role map before, and after."""
        old, new = before.defined, after.defined
        self._redefined = (
            [] if new is old else [role_id for role_id, given in new.items() if _differ(old.get(role_id), given)]
        )
        self.touched = frozenset(self._redefined if self._is_same_map else (*self._redefined, *self._reassigned()))
        """The ids of the roles that change."""

    def rights(self) -> tuple[bool, bool, bool]:
        """Whether the sender may change every role touched, stands above them, and holds all that is granted."""
        return self.is_listed(), self.is_below_sender(), self.grants_only_held()

    def _reassigned(self) -> list[str]:
        """The ids of the roles whose order or users change."""
        old, new = self._resolved[0].by_id, self._resolved[1].by_id
        differ = [role_id for role_id in old.keys() | new.keys() if old.get(role_id) != new.get(role_id)]
        return [role_id for role_id in differ if self._reassigns(old.get(role_id), new.get(role_id))]

    def _reassigns(self, old: Assignment | None, new: Assignment | None) -> bool:
        if old is None or self.sender not in old.users:
            return True
        stepped_out = old._replace(users=old.users - {self.sender})
        return new != stepped_out and not (new is None and not stepped_out.users)

    def is_listed(self) -> bool:
        """Whether the sender's `roles` permission lists every role touched."""
        return self.own.holds(frozenset([roles(role_id) for role_id in self.touched]))

    def is_below_sender(self) -> bool:
        """Whether every order touched, old and new, is below the sender's own."""
        own, touched = self.own.order, self.touched
        return not any(row.role_id in touched and row.order >= own for row in (*self.before.shape, *self.after.shape))

    def grants_only_held(self) -> bool:
        """Whether the sender holds every permission that somebody or some role gains."""
        own = self.own
        return own.holds(self._granted()) and all(
            # What somebody holds now since a "no" is gone, or stands below a "yes": perhaps one they stepped out of.
            own.holds(after.gains(before)) and own.denied.isdisjoint(self._lifted(before, after))
            for before, after in self._moved
        )

    def _granted(self) -> frozenset[Flag]:
        """What roles grant that did not, or grant to users who are new to them."""
        granted: list[Flag] = []
        for role_id in self._redefined:
            old = self.before.defined.get(role_id, _EMPTY)
            granted += [flag for flag in _granted_by(self.after.defined[role_id]) if not old.get(flag)]
        if not (self._is_same_map and self.after.combined.has_distinct_ids):
            before, after = self._resolved
            for entry in after.assigned:
                known = before.by_id.get(entry.role_id)
                if entry.users and (known is None or not entry.users <= known.users):
                    granted += _granted_by(self.after.defined.get(entry.role_id, _EMPTY))
        return frozenset(granted)

    @property
    def _moved(self) -> Collection[tuple[Standing, Standing]]:
        """The standings, before and after, of everybody who may have another one, each pair once."""
        old: Mapping[Any, Standing]
        new: Mapping[Any, Standing]
        if self._is_same_map:
            old, new = self.before.by_combination(), self.after.by_combination()
        else:
            before, after = self._resolved
            old = self.before.with_creator(before.standings, self.creator)
            new = self.after.with_creator(after.standings, self.creator)
        # Of who has had no role `_granted` tells all that they gain.
        pairs = ((was, new.get(each, NOBODY)) for each, was in old.items())  # type: ignore[arg-type]  # keys of one kind
        return {(id(was), id(becomes)): (was, becomes) for was, becomes in pairs if was is not becomes}.values()

    @staticmethod
    def _lifted(before: Standing, after: Standing) -> list[Flag]:
        """The types of messages that somebody was denied, and no longer is."""
        return [flag for flag in before.denied - after.denied if flag[0] == "events"]


def _differ(old: Permissions | None, new: Permissions) -> bool:
    """Whether a role permits something else, or is new. Most are the one mapping that all such roles share."""
    return old is not new and old != new
