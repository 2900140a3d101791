"""How changes of participants are written and read: the content hangs on what is to happen."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from fsm.facts import Value
from fsm.room_policy.events import Change as Asked
from fsm.room_policy.events import read_change
from fsm.room_policy.facts import Clients, Move
from fsm.room_policy.roles import OUTSIDE
from fsm.state import State
from fsm.syntax import Change, Syntax
from fsm.table import Table

JSON = dict[str, Any]

CODE = "code"
"""The join link of events that have a valid one."""

CLAIM: JSON = {"claim_id": {"credential_type": 1, "id": "department"}, "claim_value": "hr"}
"""What somebody proves who is preauthorized."""

_TOLD = ("wanted", "preauthorized_for_role", "join_code_is_valid", "clients")
"""The facts that an event says itself, as far as the room agrees."""


class RoleSyntax(Syntax):
    """The syntax of `participant`."""

    def write(self, policy: Table[Any], action: str, sender: str, target: str, **facts: Value) -> JSON:
        """The event that asks for a change. Facts about the event that are not named are plain."""
        told = {name: facts.get(name, _first(policy, action, name)) for name in _TOLD}
        content: JSON = {"action": str(action)}
        wanted, clients = told["wanted"], told["clients"]
        if action in (Move.ADD, Move.CHANGE_ROLE):
            assert isinstance(wanted, State)
            content["role_index"] = wanted.value
        if action == Move.ADD_CLIENTS or (action == Move.ADD and clients is Clients.STAY):
            content["clients"] = [f"{target}/new"]
        if action == Move.REMOVE_CLIENTS and clients is Clients.STAY:
            content["clients"] = [f"{target}/unknown"]
        if action == Move.CHANGE_ROLE and clients is Clients.GO:
            content["remove_clients"] = True
        if told["join_code_is_valid"]:
            content["join_link"] = CODE
        if told["preauthorized_for_role"]:
            content["credential"] = {"claims": [CLAIM]}
        return {"type": self.changes[0], "sender": sender, "state_key": target, "content": content}

    def paths(self, policy: Table[Any]) -> Mapping[str, str]:  # noqa: ARG002 - as any syntax
        """What follows the action in words: the role."""
        return {"wanted": self.destination}

    def forms(self, policy: Table[Any], action: str) -> Iterator[dict[str, Value]]:
        """What an event can say of itself, in every way in which an action can be asked for."""
        for values in product(*(_choices(policy, action, name) for name in _TOLD)):
            yield dict(zip(_TOLD, values, strict=True))

    def read(self, event: Mapping[str, Any], policy: Table[Any]) -> Change | None:
        """The change that a sound event asks for; None for one of another type. Raises `EventError`."""
        if event["type"] not in self.changes:
            return None
        asked: Asked = read_change(event["content"])
        index = {Move.REMOVE: OUTSIDE}.get(asked.move, asked.role)
        dest = next((state for state in policy.states if state.value == index), None)
        reason = event["content"].get("reason")
        return Change(asked.move.value, event["sender"], event["state_key"], {}, dest, reason)


def _choices(policy: Table[Any], action: str, name: str) -> tuple[Value, ...]:
    limits = policy.carries.get(action, {})  # type: ignore[call-overload]  # a word will do
    values: tuple[Value, ...] = limits.get(name, policy.domain.values[name])
    return values


def _first(policy: Table[Any], action: str, name: str) -> Value:
    values, plain = _choices(policy, action, name), policy.domain.plain[name]
    return plain if plain in values else values[0]
