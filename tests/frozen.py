"""The verdict on every cell of every policy that is walked, as one hash for each policy.

    python -m tests.frozen      writes the hashes anew

The hash covers what is decided and why: action, facts, transition, states, and the guards that failed. It does not
depend on the order of facts, rows or cells, nor on the words of a reason. Vectors and pictures are files of the
repository, so that there each byte is seen that moves.
"""

import json
from collections.abc import Iterator
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from fsm.facts import spell
from fsm.memory import memory_of
from fsm.policies import load_policy
from tests.builders import MEMBERSHIP

HASHES = Path(__file__).parent / "data" / "verdicts.json"


def verdicts(policy: Any) -> str:
    """The hash of a policy's verdicts."""
    return sha256("\n".join(sorted(_lines(policy))).encode()).hexdigest()


def _lines(policy: Any) -> Iterator[str]:
    decide = memory_of(policy).machine.decide
    names = sorted(item.name for item in fields(policy.domain.record))
    for action, facts in policy.cells():
        decision = decide(action, facts)
        known = " ".join(f"{name}={spell(getattr(facts, name))}" for name in names)
        refusals = sorted(f"{each.transition}: {' '.join(sorted(each.failed))}" for each in decision.refusals)
        yield f"{action} {known} {decision.transition} {decision.after} {'; '.join(refusals)}"


if __name__ == "__main__":
    HASHES.write_text(json.dumps({name: verdicts(load_policy(name)) for name in MEMBERSHIP}, indent=2) + "\n")
