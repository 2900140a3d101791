"""Engines of access control, each given the rows of `mimi` in a policy language of its own.

Both languages write conditions alike, so one table has the words for the guards. The
facts are worked out before: the time is that of the engine alone.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import casbin
import cedarpy

from benchmarks.scene import Ask, Event, Scene
from fsm import MIMI, Facts, Transition

_WORDS: Mapping[str, str] = {
    "sender_is_target": "{f}.is_self",
    "sender_is_another": "!{f}.is_self",
    "sender_is_joined": '{f}.sender == "join"',
    "sender_may_invite": "{f}.may_invite",
    "sender_may_kick": "{f}.may_kick",
    "sender_may_ban": "{f}.may_ban",
    "sender_outranks_for_kick": "{f}.outranks_for_kick",
    "sender_outranks_for_ban": "{f}.outranks_for_ban",
    "room_is_public": '{f}.join_rule == "public"',
    "room_takes_knocks": '{f}.join_rule == "knock"',
}

_CASBIN = """
[request_definition]
r = facts, act

[policy_definition]
p = act, rule

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.act == p.act && eval(p.rule)
"""


def pycasbin(scene: Scene) -> Ask:
    """PyCasbin: the facts are attributes of the request, the conditions of a row its rule."""
    model = casbin.Enforcer.new_model(text=_CASBIN)
    enforcer = casbin.Enforcer(model)
    for row in MIMI.transitions:
        # An apostrophe does as well here, and a quotation mark would end the field.
        enforcer.add_policy(row.trigger.value, _conditions(row, "r.facts").replace('"', "'"))
    plain = {pair: _Plain(**_words(facts)) for pair, facts in scene.facts.items()}

    def ask(event: Event) -> bool:
        facts = plain[event["sender"], event["state_key"]]
        return bool(enforcer.enforce(facts, event["content"]["participation"]))

    return ask


def cedar(scene: Scene) -> Ask:
    """Cedar, by cedarpy: one policy a row, the facts are the context of the request."""
    text = "\n".join(
        f"permit (principal, action == Action::{_quoted(row.trigger.value)}, resource) "
        f"when {{ {_conditions(row, 'context')} }};"
        for row in MIMI.transitions
    )
    # Read once, not for each question.
    policies, entities = cedarpy.PolicySet.from_str(text), cedarpy.Entities.from_json_str("[]")
    contexts = {pair: _words(facts) for pair, facts in scene.facts.items()}

    def ask(event: Event) -> bool:
        sender, target = event["sender"], event["state_key"]
        request = {
            "principal": f"User::{_quoted(sender)}",
            "action": f"Action::{_quoted(event['content']['participation'])}",
            "resource": f"User::{_quoted(target)}",
            "context": contexts[sender, target],
        }
        return bool(cedarpy.is_authorized(request, policies, entities).allowed)

    return ask


def _conditions(row: Transition[Facts], facts: str) -> str:
    sources = " || ".join(f"{facts}.target == {_quoted(state.value)}" for state in sorted(row.source))
    return " && ".join([f"({sources})", *(_WORDS[guard.name].format(f=facts) for guard in row.guards)])


def _quoted(word: str) -> str:
    return f'"{word}"'


@dataclass(frozen=True)
class _Plain:
    """Facts in plain words."""

    target: str
    sender: str
    is_self: bool
    join_rule: str
    may_invite: bool
    may_kick: bool
    may_ban: bool
    outranks_for_kick: bool
    outranks_for_ban: bool


def _words(facts: Facts) -> dict[str, Any]:
    return {name: value if isinstance(value, bool) else value.value for name, value in asdict(facts).items()}
