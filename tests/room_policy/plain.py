"""The rules of rooms with roles once more, read from the text by hand: plain dictionaries in, the answer out.

Nothing of the package is used here. `answer` takes a question of `fsm decide`.
"""

from typing import Any

JSON = dict[str, Any]

NUMBERS = {
    "canAddParticipant": 0, "canRemoveParticipant": 1, "canAddOwnClient": 2, "canRemoveOwnClient": 3, "canOpenJoin": 4,
    "canJoinIfPreauthorized": 5, "canRemoveSelf": 6, "canUseJoinCode": 9, "canBan": 10, "canUnBan": 11, "canUnban": 11,
    "canKick": 12, "canChangeUserRole": 15, "canChangeOwnRole": 16, "canSendMessage": 0x100, "canChangeRoomName": 0x300,
    "canChangeRoomDescription": 0x301, "canChangeRoomAvatar": 0x302, "canChangeRoomSubject": 0x303,
    "canChangeRoomMood": 0x304, "canDestroyRoom": 0x501, "canChangeRoomMembershipStyle": 0x502,
    "canChangeRoleDefinitions": 0x503, "canChangePreauthorizedUserList": 0x504, "canSendMLSReinitProposal": 0x601,
}  # fmt: skip

FIELDS = {
    "room_name": "canChangeRoomName",
    "room_descriptions": "canChangeRoomDescription",
    "room_avatar": "canChangeRoomAvatar",
    "room_subject": "canChangeRoomSubject",
    "room_mood": "canChangeRoomMood",
}


class World:
    """The state of a question, and what is often asked of it."""

    def __init__(self, state: list[JSON]) -> None:
        parts = {event["type"]: event["content"] for event in state}
        self.roles: dict[int, JSON] = {role["role_index"]: role for role in parts["roles_list"]["roles"]}
        listed = parts.get("participant_list", {}).get("participants", [])
        self.listed: dict[str, int] = {each["user"]: each["role_index"] for each in listed}
        self.group: dict[str, set[str]] = {}
        for leaf in parts.get("mls_group", {}).get("members", []):
            self.group.setdefault(leaf["user"], set()).add(leaf["client"])
        self.entries = parts.get("preauth_list", {}).get("preauthorized_entries", [])
        self.links = parts.get("join_links", {}).get("join_links", [])
        self.base = parts.get("base_room_policy", {})
        self.metadata = parts.get("room_metadata", {})

    def has(self, index: int | None, name: str) -> bool:
        if index is None or index not in self.roles:
            return False
        for each in self.roles[index]["role_capabilities"]:
            if each == NUMBERS[name] or NUMBERS.get(each) == NUMBERS[name]:
                return True
        return False

    def leads(self, index: int | None, source: int, dest: int) -> bool:
        if index is None or index not in self.roles:
            return False
        entries = self.roles[index]["authorized_role_changes"]
        return any(each["from_role_index"] == source and dest in each["target_role_indexes"] for each in entries)

    def first(self, claims: list[JSON], *, skip_zero: bool = False) -> int | None:
        for entry in self.entries:
            role = entry["target_role"]
            index: int = role if isinstance(role, int) else role["role_index"]
            if all(claim in claims for claim in entry["claimset"]) and not (skip_zero and index == 0):
                return index
        return None

    def bound(self, index: int, key: str) -> int | None:
        value: int | None = self.roles[index].get(f"{key}_constraint")
        return value


def answer(question: JSON) -> JSON:
    """The answer of `fsm decide` but for reason and policy."""
    world, event = World(question["state"]), question["event"]
    if event["type"] == "participant":
        return Move(world, event).answer()
    failed, row, clause = Request(world, event).failed()
    refusals = [{"transition": row, "failed": failed, "clause": clause}] if failed else []
    return {"allowed": not failed, "transition": None, "before": None, "after": None, "refusals": refusals}


def acting_role(world: World, sender: str, claims: list[JSON]) -> int | None:
    """The role in which somebody acts; none that is not defined, and not role 0."""
    if sender in world.listed:
        return world.listed[sender]
    index = world.first(claims)
    return index if index in world.roles and index != 0 else None


class Move:
    """What is to happen to a user."""

    def __init__(self, world: World, event: JSON) -> None:
        self.world, self.sender, self.target = world, event["sender"], event["state_key"]
        content = event["content"]
        self.action = content["action"]
        self.before = world.listed.get(self.target, 0)
        self.wanted: int | None = content.get("role_index") if self.action in ("add", "change_role") else None
        self.mine = world.group.get(self.target, set())
        named = content.get("clients")
        self.named = set(named) if named is not None else None
        self.removes = content.get("remove_clients", False)
        self.link = content.get("join_link")
        own = self.action == "change_role" and self.sender == self.target
        looked_at = self.sender not in world.listed or own
        self.claims = (content.get("credential") or {}).get("claims", []) if looked_at else []
        self.acting = acting_role(world, self.sender, self.claims)

    def answer(self) -> JSON:
        refusals = []
        for row, clause, tests in self.rows():
            failed = [name for name, holds in tests if not holds]
            if not failed:
                after = {"add": self.wanted, "change_role": self.wanted, "remove": 0}.get(self.action, self.before)
                return {"allowed": True, "transition": row, "before": self.before, "after": after, "refusals": []}
            refusals.append({"transition": row, "failed": failed, "clause": clause})
        return {
            "allowed": False, "transition": None, "before": self.before, "after": self.before, "refusals": refusals,
        }  # fmt: skip

    def rows(self) -> list[tuple[str, str, list[tuple[str, bool]]]]:
        world, a, b = self.world, self.before, self.wanted
        listed = self.target in world.listed
        if (self.action == "add") == listed or (b is not None and b not in world.roles):
            return []

        def can(name: str) -> tuple[str, bool]:
            return name, world.has(self.acting, name)

        another = ("sender_is_another", self.sender != self.target)
        oneself = ("sender_is_target", self.sender == self.target)
        outsider = self.sender not in world.listed
        one = world.roles.get(1, {"role_name": ""})
        exists = ("banned_role_exists", one["role_name"] == "banned")
        authorized = "role_change_is_authorized"
        if self.action == "add":
            assert b is not None
            change = (authorized, world.leads(self.acting, 0, b))
            holders = [each for each in (0, self.acting) if world.has(each, "canUseJoinCode")] or [0, self.acting]
            links = [
                each["join_link"] for each in world.links if each["target_role_index"] == b and each.get("valid", True)
            ]
            rest = [*self.maxima(b), *self.base(b)]
            gone = ("clients_are_removed", not (self.mine | (self.named or set())))
            banning = [("ban_outsider", "8.1.3", [another, can("canBan"), exists, change, gone])] if b == 1 else []
            return [
                *banning,
                ("add", "8.1.1", [another, can("canAddParticipant"), change, *rest]),
                ("open_join", "8.1.1", [
                    oneself, ("canOpenJoin", outsider and world.has(0, "canOpenJoin")),
                    (authorized, world.leads(0, 0, b)), *rest]),
                ("preauthorized_join", "8.1.1", [
                    oneself, ("preauthorized_for_role", world.first(self.claims) == b),
                    ("canJoinIfPreauthorized", world.has(b, "canJoinIfPreauthorized")), *rest]),
                ("code_join", "8.1.1", [
                    oneself,
                    ("canUseJoinCode", (outsider and world.has(0, "canUseJoinCode")) or world.has(self.acting, "canUseJoinCode")),
                    ("join_code_is_valid", self.link in links),
                    (authorized, any(world.leads(each, 0, b) for each in holders)), *rest]),
            ]  # fmt: skip
        if self.action == "remove":
            rest = [(authorized, world.leads(self.acting, a, 0)), *self.minima(a, None),
                    ("membership_is_not_fixed", not world.base.get("fixed_membership", False))]  # fmt: skip
            return [
                ("remove", "8.1.2", [another, can("canRemoveParticipant"), *rest]),
                ("leave", "8.1.2", [oneself, can("canRemoveSelf"), *rest]),
            ]
        if self.action == "change_role":
            assert b is not None
            change = (authorized, world.leads(self.acting, a, b))
            first = ("preauthorized_for_role", world.first(self.claims, skip_zero=True) == b)
            goes = bool(self.mine) and self.removes

            def takes(name: str) -> tuple[str, bool]:
                return "clients_may_be_removed", not goes or world.has(self.acting, name)

            rest = [*self.minima(a, b), *self.maxima(b), ("max_users_holds", a != 1 or self.users_hold(b))]
            gone = ("clients_are_removed", not self.mine or self.removes)
            found: list[tuple[str, str, list[tuple[str, bool]]]] = []
            if b == 1:
                found.append(("ban", "8.1.3", [another, can("canBan"), exists, change, gone, *self.minima(a, b)]))
            if a == 1 and b != 1:
                found.append(("unban", "8.1.3", [another, can("canUnBan"), exists, change, *rest, takes("canKick")]))
            return [
                *found,
                ("change_role", "8.1.3", [another, can("canChangeUserRole"), change, *rest, takes("canKick")]),
                ("change_own_role", "8.1.3", [oneself, can("canChangeOwnRole"), first, *rest, takes("canRemoveOwnClient")]),
            ]  # fmt: skip
        if self.action == "add_clients":
            room = ("maximum_active_participants_holds", bool(self.mine) or self.maxima(a)[1][1])
            return [("add_own_client", "8.1.1", [oneself, can("canAddOwnClient"), room, *self.base(a)[2:]])]
        gone_clients = self.mine if self.named is None else self.named
        there = ("clients_are_in_group", bool(gone_clients) and gone_clients <= self.mine)
        least = self.minima(a, a)[1]
        return [
            ("kick", "8.1.2", [another, can("canKick"), there, least]),
            ("remove_own_client", "8.1.2", [oneself, can("canRemoveOwnClient"), there, least]),
        ]

    def clients_after(self) -> set[str]:
        if self.action == "remove":
            return set()
        if self.action == "change_role":
            return set() if self.removes else set(self.mine)
        if self.action == "remove_clients":
            return self.mine - (self.mine if self.named is None else self.named)
        return self.mine | (self.named or set())

    def counts_after(self, index: int, role_after: int | None) -> tuple[int, int]:
        """The participants of a role, and the active ones, once the target has another role, or none."""
        listed = {**self.world.listed, self.target: role_after}
        group = {**self.world.group, self.target: self.clients_after()}
        users = [user for user, role in listed.items() if role == index]
        return len(users), sum(bool(group.get(user)) for user in users)

    def minima(self, a: int, role_after: int | None) -> list[tuple[str, bool]]:
        users, active = self.counts_after(a, role_after)
        return [
            ("minimum_participants_holds", users >= (self.world.bound(a, "minimum_participants") or 0)),
            ("minimum_active_participants_holds", active >= (self.world.bound(a, "minimum_active_participants") or 0)),
        ]

    def maxima(self, b: int) -> list[tuple[str, bool]]:
        users, active = self.counts_after(b, b)
        most, most_active = (
            self.world.bound(b, "maximum_participants"),
            self.world.bound(b, "maximum_active_participants"),
        )
        return [
            ("maximum_participants_holds", most is None or users <= most),
            ("maximum_active_participants_holds", most_active is None or active <= most_active),
        ]

    def users_hold(self, b: int) -> bool:
        most = self.world.base.get("max_users")
        after = {**self.world.listed, self.target: b}
        return most is None or sum(role != 1 for role in after.values()) <= most

    def base(self, b: int) -> list[tuple[str, bool]]:
        base, mine = self.world.base, self.clients_after()
        most = base.get("max_clients")
        others = sum(len(clients) for user, clients in self.world.group.items() if user != self.target)
        adds = bool(self.named)
        return [
            ("membership_is_not_fixed", not base.get("fixed_membership", False)),
            ("max_users_holds", self.users_hold(b)),
            ("max_clients_holds", not adds or most is None or others + len(mine) <= most),
            ("one_client_holds", not adds or base.get("multi_device", True) or len(mine) <= 1),
        ]


class Request:
    """An event that moves nobody."""

    def __init__(self, world: World, event: JSON) -> None:
        self.world, self.type, self.content, self.sender = world, event["type"], event["content"], event["sender"]
        claims = (self.content.get("credential") or {}).get("claims", [])
        self.acting = acting_role(world, self.sender, claims)

    def failed(self) -> tuple[list[str], str, str]:
        row, clause, tests = getattr(self, self.type)()
        return [name for name, holds in tests if not holds], row, clause

    def can(self, name: str) -> tuple[str, bool]:
        return name, self.world.has(self.acting, name)

    def roles_list(self) -> tuple[str, str, list[tuple[str, bool]]]:
        new = World([{"type": "roles_list", "content": self.content}])
        indexes = [role["role_index"] for role in self.content["roles"]]
        sound = len(set(indexes)) == len(indexes) and set(self.world.listed.values()) <= set(indexes)
        for index in indexes:
            sound = sound and not (index != 0 and new.has(index, "canOpenJoin"))
            for kind in ("participants", "active_participants"):
                most = new.bound(index, f"maximum_{kind}")
                sound = sound and (most is None or most >= (new.bound(index, f"minimum_{kind}") or 0))
            if self.world.base.get("fixed_membership", False) and index not in (0, 1):
                sound = sound and not new.has(index, "canAddParticipant")
        alone = not self.content.get("also", [])
        tests = [
            self.can("canChangeRoleDefinitions"),
            ("roles_are_valid", sound),
            ("participants_do_not_change", alone),
        ]
        return "update_roles", "3", tests

    def preauth_list(self) -> tuple[str, str, list[tuple[str, bool]]]:
        targets = [entry["target_role"] for entry in self.content["preauthorized_entries"]]
        indexes = [each if isinstance(each, int) else each["role_index"] for each in targets]
        sound = all(index != 0 and index in self.world.roles for index in indexes)
        beside = set(self.content.get("also", [])) <= {"remove"}
        tests = [("preauthorizations_are_valid", sound), ("only_removals_beside", beside)]
        return "update_preauth", "4", [self.can("canChangePreauthorizedUserList"), *tests]

    def base_room_policy(self) -> tuple[str, str, list[tuple[str, bool]]]:
        depends, parent = self.content.get("parent_dependent", False), self.content.get("parent_room", "")
        open_to = any(self.world.has(index, "canAddParticipant") for index in self.world.roles if index > 1)
        sound = bool(parent) == depends and not (self.content.get("fixed_membership", False) and open_to)
        return "update_base_policy", "5", [self.can("canChangeRoomMembershipStyle"), ("base_policy_is_valid", sound)]

    def room_metadata(self) -> tuple[str, str, list[tuple[str, bool]]]:
        old, new = self.world.metadata, self.content
        changed = [key for key in ("room_uri", *FIELDS) if (old.get(key) or None) != (new.get(key) or None)]
        needed = [self.can(name) for key, name in FIELDS.items() if key in changed]
        tests = [("metadata_changes", bool(changed)), *needed, ("room_uri_stays", "room_uri" not in changed)]
        return "update_metadata", "8.2", tests

    def message(self) -> tuple[str, str, list[tuple[str, bool]]]:
        listed = self.sender in self.world.listed
        active = listed and bool(self.world.group.get(self.sender))
        tests = [("sender_is_participant", listed), ("sender_is_active", active), self.can("canSendMessage")]
        return "message", "8.3", tests

    def destroy_room(self) -> tuple[str, str, list[tuple[str, bool]]]:
        return "destroy_room", "8.6", [self.can("canDestroyRoom")]

    def reinit(self) -> tuple[str, str, list[tuple[str, bool]]]:
        return "reinit", "8.6", [self.can("canSendMLSReinitProposal")]
