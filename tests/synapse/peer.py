"""Synapse's own verdicts: rooms as JSON lines in, verdicts as JSON lines out.

Runs in Synapse's environment and knows nothing of ours. The ids of events are made by
Synapse, so the creation is called `$create` in what is asked, and renamed here. The
answer to a room is, for each event, null where it is allowed, else the kind of the
exception and its message.
"""

import json
import sys
from typing import Any

from synapse.api.room_versions import KNOWN_ROOM_VERSIONS  # type: ignore[import-not-found]
from synapse.event_auth import check_state_dependent_auth_rules  # type: ignore[import-not-found]
from synapse.events import make_event_from_dict  # type: ignore[import-not-found]


class Room:
    """The events of one room, as Synapse makes them."""

    def __init__(self, version: str, state: list[dict[str, Any]]) -> None:
        self.version = KNOWN_ROOM_VERSIONS[version]
        self.count = 0
        self.create_id = self.room_id = ""
        create = next(event for event in state if event["type"] == "m.room.create")
        made = self.make(create)
        self.create_id, self.room_id = made.event_id, made.room_id
        self.state = [made, *(self.make(event) for event in state if event is not create)]

    def make(self, event: dict[str, Any]) -> Any:
        """Synapse's event for one of ours."""
        self.count += 1
        previous = [self.create_id if event_id == "$create" else event_id for event_id in event.get("prev_events", [])]
        has_ids = self.version.identifier in ("1", "2")
        made = {
            **event,
            "prev_events": [[event_id, {"sha256": ""}] for event_id in previous] if has_ids else previous,
            "auth_events": [],
            "depth": self.count,
            "origin_server_ts": self.count,
            "hashes": {"sha256": ""},
            "signatures": {},
        }
        made.pop("event_id", None)
        if has_ids:
            made["event_id"] = event.get("event_id", f"$event{self.count}:a.example")
        made.pop("room_id", None)
        if self.room_id or self.version.identifier != "12":
            made["room_id"] = self.room_id or "!room:a.example"
        return make_event_from_dict(made, self.version)

    def verdict(self, event: dict[str, Any]) -> str | None:
        """None where the event is allowed, else why not."""
        try:
            check_state_dependent_auth_rules(self.make(event), self.state)
        except Exception as problem:  # noqa: BLE001 - any exception is a refusal to Synapse, too
            return f"{type(problem).__name__}: {problem}"
        return None


def main() -> None:
    """Answer every line."""
    for line in sys.stdin:
        case = json.loads(line)
        room = Room(case["version"], case["state"])
        print(json.dumps([room.verdict(event) for event in case["events"]]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
