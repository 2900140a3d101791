"""`fsm explain`: one cell of a policy, in words."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, fields, replace
from enum import StrEnum
from textwrap import wrap
from typing import Any

import click

from fsm.cli.options import given_option, json_option, parse_facts, parse_given, policy_argument
from fsm.cli.terminal import told
from fsm.decision import Decision, judge
from fsm.domain import Domain
from fsm.errors import DefinitionError, shorten
from fsm.facts import spell
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.kinds import meant, rows_for_kind
from fsm.memory import memory_of
from fsm.policies import load_policy, words_of
from fsm.policy import Transition
from fsm.rule import Rule


@click.command(context_settings={"ignore_unknown_options": True})
@policy_argument
@click.argument("action", help="What the sender would do to the target, or the kind of another event.")
@click.option("--target", metavar="STATE", help="The target's state, by default the one that everybody starts in.")
@click.option("--sender", metavar="STATE", help="The sender's state, by default that of the plain case.")
@click.option("--self", "is_self", is_flag=True, help="The sender is the target.")
@click.argument("facts", nargs=-1, type=click.UNPROCESSED, metavar="[--FACT [VALUE]]...", help="Facts, as options.")
@given_option
@json_option
def explain(  # noqa: PLR0913 - one option for each part of the case
    policy: str,
    action: str,
    *,
    target: str | None,
    sender: str | None,
    is_self: bool,
    facts: tuple[str, ...],
    given: tuple[str, ...],
    as_json: bool,
) -> int:
    """Explain one case, with every condition.

    What would be decided, and how every candidate transition judges it. Every fact of
    the policy is an option after the action: `--may-ban` is `--given may_ban=true`, and
    `--join-rule public` is `--given join_rule=public`. What is not given is plain. Of an
    event of another kind, such as `message`, the facts are its own: where the sender
    stands, and what is given. Exit status 1 says that it is rejected.
    """
    if policy.startswith("-"):
        raise DefinitionError(f"`{shorten(policy)}` is no policy: facts, as options, follow the action")
    rules = load_policy(policy)
    beside = rules.rules_beside
    is_beside = action in beside and action not in rules.triggers
    words = {"target": target, "sender": sender, "is_self": spell(True) if is_self else None}
    known = [*given, *(f"{name}={word}" for name, word in words.items() if word is not None)]
    known += _told(facts, Domain(rules.facts_beside) if is_beside and rules.facts_beside else rules.domain)
    if is_beside:
        return _explain_event(rules, action, known, as_json=as_json)
    return _explain_change(rules, action, known, as_json=as_json)


def _told(words: Sequence[str], domain: Domain[Any]) -> Iterator[str]:
    """Facts given as options, as `FACT=VALUE`. Raises `DefinitionError` for what is none."""
    rest = iter(words)
    for option in rest:
        name, equals, word = option.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not option.startswith("--") or name not in domain.values:
            known = ", ".join(f"--{fact.replace('_', '-')}" for fact in domain.values)
            raise DefinitionError(f"no such option `{shorten(option)}`: the facts are {known}")
        if not equals:
            word = spell(True) if True in domain.values[name] else next(rest, "")
        if not word:
            raise DefinitionError(f"option `{option}` needs a value")
        yield f"{name}={word}"


def _explain_change(rules: AnyPolicy, action: str, given: Iterable[str], *, as_json: bool) -> int:
    """Explain what the table says of an action. What is not given is plain."""
    facts = _facts(rules, given)
    actions = {known.value: known for known in rules.triggers}
    if action not in actions:
        others = ", ".join([*actions, *rules.rules_beside])
        raise DefinitionError(f"unknown action `{shorten(action)}`: choose from {others}")
    decision = memory_of(rules).machine.decide(actions[action], facts)
    if as_json:
        print(json.dumps(decision.as_json(rules.id)))
    else:
        quotes = () if decision else _quotes(meant(rules, actions[action], facts), facts)
        _print([*_words(rules, actions[action], facts, decision), *quotes])
    return 0 if decision else 1


def _explain_event(policy: AnyPolicy, kind: str, given: Iterable[str], *, as_json: bool) -> int:
    """Explain what the rules beside the table say of an event. What is not given keeps its default."""
    facts = _event_facts(policy, given)
    rules = policy.rules_beside[kind]
    permitting = next((rule.id for rule in rules if rule.permits(facts)), None)
    decision = replace(judge(rules, facts), transition=permitting)
    if as_json:
        print(json.dumps(decision.as_json(policy.id)))
        return 0 if decision else 1
    verdict = f"allowed as `{decision.transition}`" if decision else f"rejected — {decision.reason}"
    lines = [f"{policy.id}: {_called(policy, kind)} event, the sender in `{policy.called(facts.sender)}`", verdict]
    for rule in rules:
        lines += ["", f"{rule.id} (section {rule.clause})", *_guards(rule, facts, _room_for(rules, facts))]
    _print([*lines, *(() if decision else _quotes(rules, facts))])
    return 0 if decision else 1


def _print(lines: Iterable[str]) -> None:
    print("\n".join(piece for line in lines for piece in told(line)))


def _event_facts(policy: AnyPolicy, given: Iterable[str]) -> Any:
    """The record of an event's facts: what is given, and for the rest the default, or the plain value."""
    record = policy.facts_beside
    assert record is not None
    domain: Domain[Any] = Domain(record)
    defaults = {item.name: item.default for item in fields(record) if item.default is not MISSING}
    return record(**{"sender": policy.domain.plain["sender"], **defaults, **parse_facts(given, domain)})


def _facts(policy: AnyPolicy, given: Iterable[str]) -> Any:
    """The record of facts: what is given, and for the rest the plain value of each."""
    known = parse_given(given, policy)
    values = {**policy.domain.plain, "target": policy.initial, "is_self": False, **known}
    if values["is_self"] and "sender" not in known:
        values["sender"] = values["target"]
    if values["is_self"] and values["sender"] is not values["target"]:
        raise DefinitionError("the sender is the target: `sender` and `target` must be the same state")
    return policy.domain.record(**values)


def _words(policy: AnyPolicy, action: StrEnum, facts: Any, decision: Decision) -> list[str]:
    verdict = f"allowed as `{decision.transition}`" if decision else f"rejected — {decision.reason}"
    target, sender = policy.called(facts.target), policy.called(facts.sender)
    lines = [f"{policy.id}: {_called(policy, action)}, the target in `{target}`, the sender in `{sender}`", verdict]
    if not decision and not meant(policy, action, facts):
        lines += [f"possible from {_states(policy, row)}: {row.id}" for row in rows_for_kind(policy, action, facts)]
    rows = policy.rows_for(action, facts)
    for row in rows:
        dest = policy.called(row.leads_to(facts))
        lines += [
            "",
            f"{row.id}: {target} → {dest}, by {policy.actors[row.id]} (section {row.clause})",
        ]
        lines += _guards(row, facts, _room_for(rows, facts))
    return lines


def _called(policy: AnyPolicy, word: str) -> str:
    """A word of the protocol, and what people call it if that is another."""
    words = words_of(policy).get(word, word)
    return f"`{word}`" if words == word else f"`{word}` ({words})"


def _room_for(rules: Iterable[Rule[Any]], facts: Any) -> int:
    """So many columns the longest words of their guards take."""
    return max((len(_said(guard, facts)) for rule in rules for guard in rule.guards), default=0)


def _guards(rule: Rule[Any], facts: Any, room: int) -> Iterator[str]:
    for guard in rule.guards:
        yield f"  {'yes' if guard(facts) else 'no ':<5}{_said(guard, facts):<{room}}  {guard.name}"


def _said(guard: Guard[Any], facts: Any) -> str:
    return guard.holds if guard(facts) else guard.fails


def _quotes(rules: Iterable[Rule[Any]], facts: Any) -> Iterator[str]:
    """What the specification says of the guards that failed, each once, with links."""
    failed = {guard.name: guard.says for rule in rules for guard in rule.guards if not guard(facts)}
    for name, quotes in failed.items():
        for quote in quotes:
            yield ""
            yield from wrap(f"{name} — {quote}", 80, subsequent_indent="  ")
            yield f"  {quote.url}"


def _states(policy: AnyPolicy, row: Transition[Any]) -> str:
    return ", ".join(f"`{policy.called(state)}`" for state in policy.states if state in row.source)
