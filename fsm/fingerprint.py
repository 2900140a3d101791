"""The fingerprint of a policy: what it decides, as one hash.

It covers the states, the initial one, the domain, the rows with their clauses, and the
truth table of each guard over the facts that it looks at. Words and pictures do not
count, nor does any order but that of the rows of a policy with precedence.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import product
from typing import Any

from fsm.domain import Domain
from fsm.facts import Value, spell
from fsm.guards import Guard


def fingerprint_of(policy: Any) -> str:
    """SHA-256 in hexadecimal of all that makes a difference to a decision of the policy (a `fsm.Policy`)."""
    rows = [_row(row, policy.domain) for row in policy.transitions]
    parts = {
        "states": sorted(map(_word, policy.states)),
        "initial": _word(policy.initial),
        "domain": _domain(policy.domain),
        "carries": {action: _values(facts) for action, facts in policy.carries.items()},
        "action_key": policy.action_key,
        "precedence": policy.precedence,
        "rows": rows if policy.precedence else sorted(rows, key=str),
        "own": list(policy.own_rules()),
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def table(test: Callable[[Any], bool], domain: Domain[Any]) -> list[Any]:
    """The facts that a function of them looks at, and its answer for each combination of their values.

    A test that is a value may say in its attribute `table` what it answers, as JSON.
    """
    reads = sorted(domain.reads(test))
    told = getattr(test, "table", None)
    if told is not None:
        return [reads, told]
    choices = [sorted(domain.values[name], key=_word) for name in reads]
    answers = (
        test(domain.record(**{**domain.plain, **dict(zip(reads, values, strict=True))})) for values in product(*choices)
    )
    return [reads, "".join(str(int(answer)) for answer in answers)]


def tables(guards: Iterable[Guard[Any]], domain: Domain[Any]) -> Iterator[list[Any]]:
    """The name and the truth table of each guard."""
    return ([guard.name, table(guard.test, domain)] for guard in guards)


def _domain(domain: Domain[Any]) -> list[Any]:
    return [_values(domain.values), sorted((table(test, domain) for test in domain.possible), key=str)]


def _values(facts: Mapping[str, tuple[Value, ...]]) -> dict[str, list[str]]:
    return {name: sorted(map(_word, values)) for name, values in facts.items()}


def _row(row: Any, domain: Domain[Any]) -> list[Any]:
    dest = _asked(row.dest) if hasattr(row.dest, "fact") else _word(row.dest)
    return [
        row.id,
        row.trigger,
        sorted(map(_word, row.source)),
        dest,
        sorted(tables(row.guards, domain), key=str),
        row.clause,
    ]


def _asked(dest: Any) -> dict[str, Any]:
    """The destination that an event asks for."""
    return {"asked": dest.fact} | ({} if dest.among is None else {"among": sorted(map(_word, dest.among))})


def _word(value: Any) -> str:
    """A value as text; those of different kinds differ."""
    return f"{type(value).__name__} {spell(value)}"
