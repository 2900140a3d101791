"""The long fuzz run, guided by coverage: `make fuzz`.

Two targets: the wire format, and the events of a log. Whatever comes in, only
documented errors may come out.
"""

import sys

import atheris

TARGETS = ("codec", "events")

with atheris.instrument_imports(include=["fsm"]):
    from fsm.errors import EventError
    from fsm.mimi.room import Room
    from fsm.strict_json import read_json
    from tests.mimi.codec.fuzz import fuzz_one as fuzz_codec

CREATE = {"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}


def fuzz_events(data: bytes) -> None:
    """Send whatever JSON comes to a room; what is refused or unreadable changes nothing."""
    room = Room("!r")
    room.send(CREATE)
    for line in data.split(b"\n"):
        before = room.participations()
        try:
            decision = room.send(read_json(line))
        except EventError:
            assert room.participations() == before
        except ValueError as problem:
            assert str(problem).startswith("not ")  # noqa: PT017 - no test but a target
        else:
            assert decision or room.participations() == before


def main() -> None:
    target, *arguments = sys.argv[1:] or [""]
    if target not in TARGETS:
        sys.exit(f"choose a target: {', '.join(TARGETS)}")
    atheris.Setup([sys.argv[0], *arguments], fuzz_codec if target == "codec" else fuzz_events)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
