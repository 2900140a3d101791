"""Random questions about rooms with roles: sound role sets and odd ones, from a seed."""

from random import Random
from typing import Any

from tests.room_policy.plain import NUMBERS, answer

JSON = dict[str, Any]

USERS = ("ann", "bob", "cat", "dan", "eve", "hub")
CLAIMS = [
    {"claim_id": {"credential_type": kind, "id": name}, "claim_value": value}
    for kind, name, value in ((1, "org", "a"), (2, "org", "a"), (2, "department", "hr"), (3, "grade", "7"))
]
NAMES = [*NUMBERS, "canKnock", 60_000, 3, 0x000B]


class Questions:
    """A source of questions."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - no secrets
        self.is_rich = False  # whether roles may much, and are bounded little

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def some(self, choices: Any, most: int) -> list[Any]:
        return self.random.sample(list(choices), self.random.randint(0, min(most, len(choices))))

    def role(self, index: int, indexes: list[int]) -> JSON:
        def maximum() -> int | None:
            return None if self.is_rich or self.chance(0.6) else self.random.randint(0, 3)

        dense = len(NAMES) if self.is_rich and index else self.random.choice((0, 3, 12))
        name = "banned" if index == 1 and self.chance(0.85) else self.random.choice(("Banned", f"role {index}"))
        sources = indexes if self.is_rich else self.random.choices(indexes, k=self.random.randint(0, 4 * len(indexes)))
        capabilities = self.random.sample(NAMES, dense) if self.chance(0.5) else self.some(NAMES, dense)
        role: JSON = {
            "role_index": index,
            "role_name": name,
            "role_description": "",
            "role_capabilities": capabilities,
            "minimum_participants_constraint": 0 if self.is_rich else self.random.choice((0, 0, 0, 1, 2)),
            "maximum_participants_constraint": maximum(),
            "minimum_active_participants_constraint": 0 if self.is_rich else self.random.choice((0, 0, 0, 1)),
            "maximum_active_participants_constraint": maximum(),
            "authorized_role_changes": [
                {
                    "from_role_index": source,
                    "target_role_indexes": self.random.sample(indexes, len(indexes) - self.chance(0.2)),
                }
                for source in sources
            ],
        }
        for key in ("maximum_participants_constraint", "maximum_active_participants_constraint", "role_description"):
            if not role[key] and role[key] != 0 and self.chance(0.3):
                del role[key]
        return role

    def roles(self) -> list[JSON]:
        indexes = [0] * self.chance(0.9) + [1] * self.chance(0.85)
        indexes += self.random.sample((2, 3, 4, 7, 2**32 - 1), self.random.randint(0, 4))
        self.random.shuffle(indexes)
        return [self.role(index, [0, 1, 2, 3, *indexes]) for index in indexes]

    def entries(self, roles: list[JSON]) -> list[JSON]:
        def target() -> Any:
            role: Any = self.random.choice([*roles, 0, 9])
            return role if isinstance(role, int) or self.chance(0.2) else role["role_index"]

        return [{"claimset": self.some(CLAIMS, 1), "target_role": target()} for _ in range(self.random.randint(0, 3))]

    def base(self) -> JSON:
        depends = self.chance(0.3)
        policy = {
            "fixed_membership": self.chance(0.3),
            "parent_dependent": depends,
            "parent_room": "mimi://x/r/hall" if depends is not self.chance(0.2) else "",
            "multi_device": self.chance(0.6),
            "max_clients": self.random.choice((None, 1, 3, 5)),
            "max_users": self.random.choice((None, 1, 3, 5)),
        }
        return {key: value for key, value in policy.items() if self.chance(0.8)}

    def metadata(self) -> JSON:
        names = ("room_uri", "room_name", "room_descriptions", "room_avatar", "room_subject", "room_mood")
        return {name: self.random.choice(("", "Tea", "Tea", "Coffee")) for name in names if self.chance(0.8)}

    def state(self) -> list[JSON]:
        roles: list[JSON] = self.roles()
        inside: list[int] = [role["role_index"] for role in roles if role["role_index"]]
        listed = self.some(USERS, 5) if inside else []
        members = [
            {"user": user, "client": f"{user}/{number}"}
            for user in [*listed, *self.some(USERS, 1)]
            for number in range(self.random.randint(0, 2))
        ]
        members = [dict(pairs) for pairs in dict.fromkeys(tuple(member.items()) for member in members)]
        links = [
            {"join_link": f"j{number}", "target_role_index": self.random.choice([*inside * 3, 0, 9])} | (
                {"valid": self.chance(0.5)} if self.chance(0.4) else {}
            )
            for number in range(self.random.randint(0, 3))
        ]  # fmt: skip
        parts = {
            "roles_list": {"roles": roles},
            "participant_list": {
                "participants": [{"user": user, "role_index": self.random.choice(inside)} for user in listed]
            },
            "mls_group": {"members": members},
            "preauth_list": {"preauthorized_entries": self.entries(roles)},
            "join_links": {"join_links": links},
            "base_room_policy": self.base(),
            "room_metadata": self.metadata(),
        }
        kept = [name for name in parts if name == "roles_list" or self.chance(0.8)]
        if self.is_rich:
            kept = [name for name in kept if name != "base_room_policy"]
        self.random.shuffle(kept)
        return [{"type": name, "sender": "hub", "state_key": "", "content": parts[name]} for name in kept]

    def content(self, state: list[JSON]) -> JSON:
        roles = next(event["content"]["roles"] for event in state if event["type"] == "roles_list")
        target_roles = [role["role_index"] for role in roles if role["role_index"]] * 4 + [1, 9]
        action = self.random.choice(
            ("add", "add", "remove", "change_role", "change_role", "add_clients", "remove_clients")
        )
        content: JSON = {"action": action}
        if action in ("add", "change_role"):
            content["role_index"] = self.random.choice(target_roles)
        if action == "change_role" and self.chance(0.6):
            content["remove_clients"] = self.chance(0.7)
        if action in ("add", "add_clients") and (action == "add_clients" or self.chance(0.5)):
            content["clients"] = self.random.sample(("new/5", "new/6", "ann/0"), self.random.randint(1, 2))
        if action == "remove_clients" and self.chance(0.5):
            content["clients"] = self.some(("ann/0", "bob/0", "bob/1", "cat/0"), 2)
        if self.chance(0.4):
            content["join_link"] = self.random.choice(("j0", "j1", "none"))
        return content | self.credential()

    def credential(self) -> JSON:
        return {"credential": {"claims": self.some(CLAIMS, 4)}} if self.chance(0.5) else {}

    def event(self, state: list[JSON]) -> JSON:
        sender = self.random.choice(USERS)
        if self.chance(0.7):
            target = sender if self.chance(0.4) else self.random.choice(USERS)
            return {"type": "participant", "sender": sender, "state_key": target, "content": self.content(state)}
        kind = self.random.choice(("roles_list", "preauth_list", "base_room_policy", "room_metadata", "message",
                                   "destroy_room", "reinit"))  # fmt: skip
        roles = next(event["content"]["roles"] for event in state if event["type"] == "roles_list")
        also = {"also": self.some(("add", "remove", "change_role"), 2)} if self.chance(0.5) else {}
        content: JSON = {}
        if kind == "roles_list":
            new = self.roles() if self.chance(0.5) else roles + roles[:1] * self.chance(0.2)
            content = {"roles": new} | also
        elif kind == "preauth_list":
            content = {"preauthorized_entries": self.entries(roles)} | also
        elif kind == "base_room_policy":
            content = self.base()
        elif kind == "room_metadata":
            same = [event["content"] for event in state if event["type"] == kind]
            content = self.random.choice([self.metadata(), self.metadata(), *same])
        return {"type": kind, "sender": sender, "state_key": "", "content": content | self.credential()}

    def question(self) -> JSON:
        """A question; half of them are looked for until one is allowed."""
        is_wanted, self.is_rich = self.chance(0.5), self.chance(0.5)
        state = self.state()
        for _ in range(40 if is_wanted else 1):
            question = {"state": state, "event": self.event(state)}
            if answer(question)["allowed"]:
                break
        return question
