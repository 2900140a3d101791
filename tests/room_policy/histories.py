"""A room with roles once more, as plain dictionaries: what events and commits make of its components.

What is answered stands in `tests.room_policy.plain`; nothing of the package is used here.
"""

from copy import deepcopy
from typing import Any

from tests.room_policy.plain import answer

JSON = dict[str, Any]

OF_THE_LIST = ("add", "remove", "change_role")


class NoEventError(Exception):
    """An event that is none in this room."""


class PlainRoom:
    """The components of a room, by type."""

    def __init__(self, state: list[JSON]) -> None:
        parts = {event["type"]: deepcopy(event["content"]) for event in state}
        self.listed: dict[str, int] = {
            each["user"]: each["role_index"] for each in parts.pop("participant_list", {}).get("participants", [])
        }
        self.group: dict[str, set[str]] = {}
        for leaf in parts.pop("mls_group", {}).get("members", []):
            self.group.setdefault(leaf["user"], set()).add(leaf["client"])
        self.parts, self.is_destroyed = parts, False

    def state(self) -> list[JSON]:
        """The state as `fsm decide` takes it."""
        listed = [{"user": user, "role_index": index} for user, index in self.listed.items()]
        leaves = [{"user": user, "client": client} for user in self.group for client in sorted(self.group[user])]
        parts = {**self.parts, "participant_list": {"participants": listed}, "mls_group": {"members": leaves}}
        return [{"type": name, "sender": "hub", "state_key": "", "content": part} for name, part in parts.items()]

    def send(self, event: JSON) -> JSON:
        """The answer to an event, which is applied if it is allowed."""
        if self.is_destroyed:
            raise NoEventError
        told = answer({"state": self.state(), "event": event})
        if told["allowed"]:
            self._apply(event)
        return told

    def send_many(self, events: list[JSON]) -> list[JSON]:
        """The answers to a commit, which is applied if all are allowed."""
        moves = [event for event in events if event["content"].get("action") in OF_THE_LIST]
        if len({event["state_key"] for event in moves}) < len(moves):
            raise NoEventError
        also = [event["content"]["action"] for event in moves]
        tried = deepcopy(self)
        answers = [tried.send(_beside(event, also)) for event in events]
        if all(told["allowed"] for told in answers):
            self.__dict__ = tried.__dict__
        return answers

    def _apply(self, event: JSON) -> None:
        kind, content, user = event["type"], event["content"], event.get("state_key", "")
        if kind in ("roles_list", "preauth_list", "base_room_policy", "room_metadata"):
            self.parts[kind] = {name: value for name, value in content.items() if name not in ("also", "credential")}
        self.is_destroyed = kind == "destroy_room"
        if kind != "participant":
            return
        action, mine = content["action"], self.group.pop(user, set())
        if action == "remove":
            del self.listed[user]
        elif action in ("add", "change_role"):
            self.listed[user] = content["role_index"]
        if action == "remove" or content.get("remove_clients"):
            mine = set()
        elif action == "remove_clients":
            mine -= set(content.get("clients", mine))
        elif action in ("add", "add_clients"):
            mine |= set(content.get("clients", []))
        if mine:
            self.group[user] = mine


def _beside(event: JSON, also: list[str]) -> JSON:
    if event["type"] not in ("roles_list", "preauth_list"):
        return event
    return {**event, "content": {**event["content"], "also": [*event["content"].get("also", []), *also]}}
