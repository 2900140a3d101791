"""Ask Synapse and ourselves the same questions, and report every difference.

    python -m tests.synapse.compare PYTHON [--cases N] [--seed N] [--record FILE]

PYTHON is the interpreter of an environment in which `matrix-synapse` is installed.
`--record` writes rooms and Synapse's verdicts to a file, for the tests that run
without it. Exit status: 0 no difference, 1 some.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from fsm.errors import EventError
from fsm.matrix.events import AUTHORISER, MEMBER
from fsm.matrix.ids import is_user_id, server_of
from fsm.matrix.policies import VERSIONS
from fsm.matrix.room import MatrixRoom
from tests.synapse.cases import EVENTS_PER_ROOM, JSON, Case, rooms

SHOWN = 10
"""How many differences are shown in full."""


def ask_synapse(python: str, cases: list[Case]) -> Iterator[list[str | None]]:
    """Synapse's answers, room by room: None for an event that is allowed, else why not."""
    peer = Path(__file__).with_name("peer.py")
    questions = "".join(f"{json.dumps(asdict(case))}\n" for case in cases)
    done = subprocess.run(  # the interpreter is the caller's choice
        [python, str(peer)], input=questions, stdout=subprocess.PIPE, text=True, check=True
    )
    yield from map(json.loads, done.stdout.splitlines())


def ask_ourselves(case: Case) -> Iterator[str | None]:
    """Our answers to the events of a room, in the same form."""
    room = MatrixRoom.from_state(case.state, policy=VERSIONS[case.version])
    for event in case.events:
        try:
            decision = room.decide(event)
        except EventError as problem:
            yield f"EventError: {problem}"
        else:
            yield None if decision else decision.reason


def is_documented(case: Case, event: JSON, our: str | None) -> bool:
    """Whether Synapse looks at one thing more or less than we do, and it decides this event."""
    return _is_for_another_server(case, event) if our is None else _has_no_authoriser(event, our)


def _has_no_authoriser(event: JSON, our: str) -> bool:
    """Whether we refuse an authoriser who is no user; Synapse does where it checks signatures, of which there are none here."""
    return our.endswith("no user") and not is_user_id(event["content"].get(AUTHORISER, "@no:body"))


def _is_for_another_server(case: Case, event: JSON) -> bool:
    """Whether the target is of another server in a closed room, which Synapse refuses."""
    create = next(each for each in case.state if each["type"] == "m.room.create")
    servers = [server_of(create["sender"]), server_of(event["sender"]), server_of(event.get("state_key", ""))]
    is_closed = create["content"].get("m.federate") is False and event["type"] == MEMBER
    return is_closed and servers[0] == servers[1] != servers[2]


def main() -> int:
    """Compare, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python")
    parser.add_argument("--cases", type=int, default=240_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    recorded: list[JSON] = []
    say = sys.stdout.write
    cases = list(rooms(options.seed, -(-options.cases // EVENTS_PER_ROOM)))
    for case, theirs in zip(cases, ask_synapse(options.python, cases), strict=True):
        for event, their, our in zip(case.events, theirs, ask_ourselves(case), strict=True):
            counts["allowed by both" if our is None else "rejected by both"] += (their is None) is (our is None)
            if (their is None) is (our is None):
                continue
            if is_documented(case, event, our):
                counts["documented"] += 1
                continue
            counts["different"] += 1
            if counts["different"] <= SHOWN:
                say(f"version {case.version}: {json.dumps(event)}\n  state {json.dumps(case.state)}\n")
                say(f"  we: {our or 'allowed'}\n  Synapse: {their or 'allowed'}\n\n")
        recorded.append(case.as_record([their is None for their in theirs]))
    if options.record:
        options.record.write_text(
            "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in recorded), encoding="utf-8"
        )
    total = sum(counts.values())
    say(f"{total:,} events in {len(cases):,} rooms of {len(VERSIONS)} versions, seed {options.seed}\n")
    for what in ("allowed by both", "rejected by both", "documented", "different"):
        say(f"{counts[what]:>10,}  {what}\n")
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
