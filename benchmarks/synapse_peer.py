"""Synapse's own check, measured where Synapse lives.

Runs in Synapse's environment and knows nothing of ours. One question in (version,
state, events, rounds), one answer out: the verdicts, the seconds that one check takes
in each round, and Synapse's version. Events are made, and the state that each is judged by is picked,
before the clock starts.
"""

import json
import sys
import time
from importlib.metadata import version
from typing import Any

from synapse.event_auth import check_state_dependent_auth_rules  # type: ignore[import-not-found]

from tests.synapse.peer import Room


def main() -> None:
    """Answer the question."""
    asked = json.load(sys.stdin)
    room = Room(asked["version"], asked["state"])
    state = {(event.type, event.state_key): event for event in room.state}
    questions = [(room.make(event), _judged_by(event, state)) for event in asked["events"]]
    verdicts = [_check(*question) for question in questions]
    times = []
    for _ in range(asked["rounds"]):
        started = time.process_time()
        for event, by in questions:
            _check(event, by)
        times.append((time.process_time() - started) / len(questions))
    print(json.dumps({"verdicts": verdicts, "rounds": times, "version": version("matrix-synapse")}))


def _judged_by(event: dict[str, Any], state: dict[tuple[str, str], Any]) -> list[Any]:
    """The state that counts for an event: for one of membership, also the join rules, and where its target stands."""
    is_member = event["type"] == "m.room.member"
    keys = [(f"m.room.{name}", "") for name in ("create", "power_levels", *(["join_rules"] if is_member else []))]
    users = (event["sender"], event["state_key"]) if is_member else (event["sender"],)
    keys += [("m.room.member", user) for user in dict.fromkeys(users)]
    return [state[key] for key in keys if key in state]


def _check(event: Any, state: list[Any]) -> bool:
    try:
        check_state_dependent_auth_rules(event, state)
    except Exception:  # noqa: BLE001 - any exception is a refusal to Synapse, too
        return False
    return True


if __name__ == "__main__":
    main()
