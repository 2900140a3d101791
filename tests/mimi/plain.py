"""The `mimi` policy read a second time, slowly: plain conditions on plain words, no table, no machine.

It is written from the text of the drafts, not from the rows, and shares no code with
the package but the record of facts. The fast way has to agree with it everywhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fsm.participation.facts import Facts

Event = Mapping[str, Any]


def transition(action: str, facts: Facts) -> str | None:
    """The id of what happens, or None when the draft says "otherwise, reject"."""
    match action:
        case "invite":
            return _invite(facts)
        case "join":
            return _join(facts)
        case "knock":
            return _knock(facts)
        case "ban":
            return _ban(facts)
        case "leave":
            return _leave_oneself(facts) if facts.is_self else _remove(facts)
    return None


def destination(action: str) -> str:
    """A participation word names the action and the state that it leads to."""
    return action


def _invite(facts: Facts) -> str | None:
    # The target must not already be banned, nor joined; the sender must be joined and may invite.
    if facts.target in ("ban", "join"):
        return None
    if facts.sender != "join":
        return None
    if not facts.may_invite:
        return None
    if facts.target == "invite":
        return "reinvite"
    if facts.target == "knock":
        return "welcome"
    return "invite"


def _join(facts: Facts) -> str | None:
    if not facts.is_self:
        return None
    if facts.target == "join":
        return "rejoin"
    if facts.target == "invite":
        return "accept"
    if facts.target == "ban":
        return None
    # Left or knocking: only a public room lets them in without an invite.
    if facts.join_rule == "public":
        return "join"
    return None


def _knock(facts: Facts) -> str | None:
    if not facts.is_self:
        return None
    if facts.join_rule != "knock":
        return None
    if facts.target == "knock":
        return "reknock"
    if facts.target == "leave":
        return "knock"
    # Banned and joined users must not; invited ones have the choice to join already.
    return None


def _ban(facts: Facts) -> str | None:
    if facts.is_self:
        return None
    if facts.sender != "join":
        return None
    if not facts.may_ban:
        return None
    if not facts.outranks_for_ban:
        return None
    if facts.target == "ban":
        return "reban"
    return "ban"


def _leave_oneself(facts: Facts) -> str | None:
    if facts.target == "invite":
        return "decline"
    if facts.target == "join":
        return "leave"
    if facts.target == "knock":
        return "withdraw"
    return None


def _remove(facts: Facts) -> str | None:
    if facts.sender != "join":
        return None
    if facts.target == "ban":
        # An unban: the permission to ban decides, and so does the power to ban.
        return "unban" if facts.may_ban and facts.outranks_for_ban else None
    if not facts.may_kick:
        return None
    if not facts.outranks_for_kick:
        return None
    # Declining a knock and revoking an invite are kicks by other names; who has left cannot be kicked.
    return {"join": "kick", "invite": "revoke", "knock": "deny"}.get(facts.target)


ABOVE_ALL = 2**64


class PlainRoom:
    """A room kept as the events say it, worked out anew for every question."""

    def __init__(self) -> None:
        self.creator = ""
        self.has_assigned = False  # whether a role map has ever assigned anybody
        self.rule = "invite"
        self.roles: dict[str, Mapping[str, Any]] = {}
        self.role_map: list[Mapping[str, Any]] = []
        self.where: dict[str, str] = {}

    def stands(self, user: str) -> str:
        return self.where.get(user, "leave")

    def send(self, event: Event) -> tuple[bool, str | None]:
        """Whether a well-formed event is allowed, and the id of the transition if it is one."""
        if event["type"] in ("m.user", "m.room.user"):
            action, sender, target = event["content"]["participation"], event["sender"], event["state_key"]
            found = transition(action, self.facts(sender, target))
            if found is not None:
                self.where[target] = destination(action)
            return found is not None, found
        if not self._allows(event):
            return False, None
        self._apply(event)
        return True, None

    # What a user may do, and how high they stand.

    def reigns(self, user: str) -> bool:
        return user == self.creator and not self.has_assigned

    def held(self, user: str) -> list[tuple[int, Mapping[str, Any]]]:
        """Order and permissions of the user's roles, lowest order first."""
        if self.creator and not self.has_assigned:
            return []
        entries = [entry for entry in self.role_map if user in entry["user_ids"]]
        return sorted(
            ((entry["order"], self.roles.get(entry["role_id"], {})) for entry in entries), key=lambda pair: pair[0]
        )

    def setting(self, user: str, permission: tuple[str, str]) -> bool | None:
        """What the highest of the user's roles that says anything about a permission says."""
        said = None
        for _, permissions in self.held(user):
            if permission in dict(_flat(permissions)):
                said = dict(_flat(permissions))[permission]
        return said

    def may(self, user: str, permission: tuple[str, str]) -> bool:
        if self.reigns(user):
            return True
        # Nobody has a permission that is not set, but everybody may send messages.
        said = self.setting(user, permission)
        return permission == ("sendMessages", "") if said is None else said

    def power(self, user: str, permission: tuple[str, str]) -> int:
        """The highest order among the user's roles that grants a permission."""
        if self.reigns(user):
            return ABOVE_ALL
        granting = [order for order, permissions in self.held(user) if dict(_flat(permissions)).get(permission)]
        return max(granting, default=-1)

    def rank(self, user: str) -> int:
        return ABOVE_ALL if self.reigns(user) else max((order for order, _ in self.held(user)), default=-1)

    def facts(self, sender: str, target: str) -> Facts:
        facts: dict[str, Any] = {
            "sender": self.stands(sender),
            "target": self.stands(target),
            "is_self": sender == target,
            "join_rule": self.rule,
            "may_invite": self.may(sender, ("invite", "")),
            "may_kick": self.may(sender, ("kick", "")),
            "may_ban": self.may(sender, ("ban", "")),
            "outranks_for_kick": self.power(sender, ("kick", "")) > self.power(target, ("kick", "")),
            "outranks_for_ban": self.power(sender, ("ban", "")) > self.power(target, ("ban", "")),
        }
        return Facts(**facts)

    # Events that are no participation change.

    def _allows(self, event: Event) -> bool:
        if event["type"] == "m.room.create":
            return not self.creator
        if self.stands(event["sender"]) != "join":
            return False
        return self._allows_state(event) if "state_key" in event else self._allows_message(event)

    def _allows_state(self, event: Event) -> bool:
        if not self.may(event["sender"], ("events", event["type"])):
            return False
        match event["type"]:
            case "m.room.role":
                return self._allows_role(event["sender"], event["state_key"], event["content"]["permissions"])
            case "m.room.role_map":
                return self._allows_map(event["sender"], event["content"]["roles"])
            case _:
                return True

    def _allows_message(self, event: Event) -> bool:
        for permission in (("sendMessages", ""), ("events", event["type"])):
            if self.setting(event["sender"], permission) is False:
                return False
        return True

    def _allows_role(self, sender: str, role_id: str, permissions: Mapping[str, Any]) -> bool:
        before, after = dict(_flat(self.roles.get(role_id, {}))), dict(_flat(permissions))
        is_touched = role_id not in self.roles or before != after
        if is_touched and not self._commands(sender, {role_id}, self.role_map):
            return False
        gains = [permission for permission, granted in after.items() if granted and not before.get(permission)]
        if not all(self.may(sender, permission) for permission in gains):
            return False
        return self._may_come_to(sender, {**self.roles, role_id: permissions}, self.role_map)

    def _allows_map(self, sender: str, role_map: list[Mapping[str, Any]]) -> bool:
        if len({entry["role_id"] for entry in role_map}) < len(role_map):
            return False
        if len({entry["order"] for entry in role_map}) < len(role_map):
            return False
        old = {entry["role_id"]: (entry["order"], frozenset(entry["user_ids"])) for entry in self.role_map}
        new = {entry["role_id"]: (entry["order"], frozenset(entry["user_ids"])) for entry in role_map}
        touched = {role_id for role_id in {*old, *new} if _is_touched(sender, old.get(role_id), new.get(role_id))}
        if not self._commands(sender, touched, [*self.role_map, *role_map]):
            return False
        for role_id, (_, users) in new.items():
            users_before = old[role_id][1] if role_id in old else frozenset()
            if users - users_before:
                for permission, granted in _flat(self.roles.get(role_id, {})):
                    if granted and not self.may(sender, permission):
                        return False
        return self._may_come_to(sender, self.roles, role_map)

    def _commands(self, sender: str, touched: set[str], entries: list[Mapping[str, Any]]) -> bool:
        """Whether the sender may change all these roles: each listed, each below their own rank."""
        if not all(self.may(sender, ("roles", role_id)) for role_id in touched):
            return False
        orders = [entry["order"] for entry in entries if entry["role_id"] in touched]
        return all(order < self.rank(sender) for order in orders)

    def _may_come_to(self, sender: str, roles: dict[str, Mapping[str, Any]], role_map: list[Mapping[str, Any]]) -> bool:
        """Whether the sender has all that anybody gains, and an administrator remains if there was one."""
        after = PlainRoom()
        after.creator, after.roles, after.role_map = self.creator, roles, role_map
        after.has_assigned = self.has_assigned or any(entry["user_ids"] for entry in role_map)
        users = {user for entry in (*self.role_map, *role_map) for user in entry["user_ids"]}
        permissions = {each for role in (*self.roles.values(), *roles.values()) for each, _ in _flat(role)}
        for user in users:
            for permission in permissions:
                gains = after.may(user, permission) and not self.may(user, permission)
                if gains and not self.may(sender, permission):
                    return False
                # Messages of a type may be sent unless that is denied.
                was_denied = permission[0] == "events" and self.setting(user, permission) is False
                is_freed = was_denied and after.setting(user, permission) is not False
                if is_freed and self.setting(sender, permission) is False:
                    return False
        return bool(_administrators(roles, role_map)) or not _administrators(self.roles, self.role_map)

    def _apply(self, event: Event) -> None:
        if event.get("state_key") is None:
            return
        match event["type"]:
            case "m.room.create":
                self.creator = event["sender"]
                self.where[self.creator] = "join"
            case "m.room.role":
                self.roles[event["state_key"]] = event["content"]["permissions"]
            case "m.room.role_map":
                self.role_map = event["content"]["roles"]
                self.has_assigned = self.has_assigned or any(entry["user_ids"] for entry in self.role_map)
            case "m.room.join_rules":
                self.rule = event["content"]["rule"]


def _flat(permissions: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], bool]]:
    """Each single permission that a role sets, and to what."""
    for name, value in permissions.items():
        if name == "roles":
            yield from (((name, role_id), True) for role_id in value)
        elif name == "events":
            yield from (((name, event_type), granted) for event_type, granted in value.items())
        else:
            yield ("invite" if name == "add" else name, ""), value


def _is_touched(sender: str, old: tuple[int, frozenset[str]] | None, new: tuple[int, frozenset[str]] | None) -> bool:
    """Whether an entry of the role map changes in any way but that the sender steps out of it."""
    if old == new:
        return False
    if old is not None and sender in old[1]:
        order, users = old[0], old[1] - {sender}
        if new == (order, users):
            return False
        if new is None and not users:
            return False
    return True


def _administrators(roles: Mapping[str, Any], role_map: list[Mapping[str, Any]]) -> set[str]:
    """Who holds a role that names roles to change."""
    return {user for entry in role_map if roles.get(entry["role_id"], {}).get("roles") for user in entry["user_ids"]}
