"""Engines of access control, each given the rules of `mimi` as its users would write them.

The facts are worked out before: the time is that of the engine alone. A handful of
rules, one for each action, is what somebody would write by hand: both engines are
quicker with these than with a rule for each row of the table.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import casbin
import cedarpy
from casbin.core_enforcer import EnforceContext

from benchmarks.peer import Answer
from benchmarks.workload import Event
from fsm import Facts


@dataclass(frozen=True)
class Words:
    """Facts in plain words, as attributes."""

    target: str
    sender: str
    is_self: bool
    join_rule: str
    may_invite: bool
    may_kick: bool
    may_ban: bool
    outranks_for_kick: bool
    outranks_for_ban: bool


def words(facts: Facts) -> dict[str, Any]:
    """Facts in plain words, as a dictionary."""
    return {name: value if isinstance(value, bool) else value.value for name, value in asdict(facts).items()}


def attributes(facts: Facts) -> Words:
    """Facts in plain words, as attributes."""
    return Words(**words(facts))


_MATCHERS: Mapping[str, str] = {
    "invite": "!r.is_self && r.sender == 'join' && r.may_invite && r.target in ('leave', 'invite', 'knock')",
    "join": "r.is_self && (r.target in ('invite', 'join')"
    " || r.join_rule == 'public' && r.target in ('leave', 'knock'))",
    "leave": "r.is_self && r.target in ('invite', 'join', 'knock') || r.sender == 'join' && ("
    "r.target in ('invite', 'join', 'knock') && r.may_kick && r.outranks_for_kick"
    " || r.target == 'ban' && r.may_ban && r.outranks_for_ban)",
    "ban": "!r.is_self && r.sender == 'join' && r.may_ban && r.outranks_for_ban",
    "knock": "r.is_self && r.join_rule == 'knock' && r.target in ('leave', 'knock')",
}


def pycasbin() -> Answer[Words]:
    """PyCasbin: a matcher for each action, chosen by an `EnforceContext`; it reads no rules."""
    model, contexts = casbin.Enforcer.new_model(), {}
    for number, (action, matcher) in enumerate(_MATCHERS.items(), start=1):
        suffix = "" if number == 1 else str(number)
        parts = [f"{kind}{suffix}" for kind in "rpem"]
        own = matcher.replace("r.", f"{parts[0]}.sub.")
        for name, text in zip(parts, ("sub", "sub", "some(where (p.eft == allow))", own), strict=True):
            model.add_def(name[0], name, text)
        contexts[action] = EnforceContext(*parts)
    enforcer = casbin.Enforcer(model)
    return lambda facts, event: enforcer.enforce(contexts[event["content"]["participation"]], facts)


_CEDAR = """
permit (principal, action == Action::"invite", resource) when {
    !context.is_self && context.sender == "join" && context.may_invite
    && ["leave", "invite", "knock"].contains(context.target)
};
permit (principal, action == Action::"join", resource) when {
    context.is_self && (["invite", "join"].contains(context.target)
    || context.join_rule == "public" && ["leave", "knock"].contains(context.target))
};
permit (principal, action == Action::"leave", resource) when {
    context.is_self && ["invite", "join", "knock"].contains(context.target) || context.sender == "join" && (
    ["invite", "join", "knock"].contains(context.target) && context.may_kick && context.outranks_for_kick
    || context.target == "ban" && context.may_ban && context.outranks_for_ban)
};
permit (principal, action == Action::"ban", resource) when {
    !context.is_self && context.sender == "join" && context.may_ban && context.outranks_for_ban
};
permit (principal, action == Action::"knock", resource) when {
    context.is_self && context.join_rule == "knock" && ["leave", "knock"].contains(context.target)
};
"""


def cedar() -> Answer[dict[str, Any]]:
    """Cedar, by cedarpy: a policy for each action, the facts are the context of the request."""
    # Read once, not for each question.
    policies, entities = cedarpy.PolicySet.from_str(_CEDAR), cedarpy.Entities.from_json_str("[]")

    def answer(context: dict[str, Any], event: Event) -> bool:
        request = {
            "principal": {"type": "User", "id": event["sender"]},
            "action": {"type": "Action", "id": event["content"]["participation"]},
            "resource": {"type": "User", "id": event["state_key"]},
            "context": context,
        }
        return bool(cedarpy.is_authorized(request, policies, entities).allowed)

    return answer
