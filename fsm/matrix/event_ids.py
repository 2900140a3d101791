"""The ids of events that do not carry them: the reference hash of the redacted event.

Since room version 3 an event is named by what it says, and servers store and send it
without its id. Since version 12 a room is named by its creation in turn, which then
has no `room_id`. Hashes and signatures are taken as good.

What a redaction leaves of an event differs between versions; the table below says what
each one changes. The hash is that of canonical JSON as Matrix defines it, for which the
extra `matrix` is needed.

Spec: "Calculating the reference hash for an event" (Server-Server API),
https://spec.matrix.org/latest/server-server-api/#calculating-the-reference-hash-for-an-event
"""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from fsm.errors import DefinitionError, EventError, needs
from fsm.event import checked_text, mapping


@dataclass(frozen=True, slots=True)
class Redaction:
    """What a redaction leaves of an event: these keys, and of its content those of its type.

    In `content`, None stands for all keys, and a type that is missing keeps none. `inner`
    are the keys, by type, that an object in the content keeps under a key of its own.

    Spec: "Redactions" (room versions 1, 6, 8, 9, 11), https://spec.matrix.org/latest/rooms/v11/#redactions
    """

    keys: frozenset[str]
    content: Mapping[str, frozenset[str] | None]
    inner: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def of(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What is left of an event. Raises `EventError` when its content is no object."""
        content = mapping(event.get("content", {}), "content")
        event_type = checked_text(event.get("type", ""), "type")
        kept = self.content.get(event_type, frozenset())
        left = content if kept is None else {key: value for key, value in content.items() if key in kept}
        for key, inner in self.inner.get(event_type, {}).items():
            if type(content.get(key)) is dict:
                left = {**left, key: {each: value for each, value in content[key].items() if each in inner}}
        return {**{key: value for key, value in event.items() if key in self.keys}, "content": left}

    def but(self, *, without: Iterable[str] = (), **content: Iterable[str] | None) -> "Redaction":
        """The redaction of a later version: it leaves out keys of the event, and more of some contents stays.

        Types go by what follows `m.room.`; None stands for the whole content.
        """
        changed = dict(self.content)
        for name, keys in content.items():
            before = changed.get(f"m.room.{name}") or frozenset()
            changed[f"m.room.{name}"] = None if keys is None else before | frozenset(keys)
        return replace(self, keys=self.keys - frozenset(without), content=changed)


_FIRST = Redaction(
    keys=frozenset((
        "event_id", "type", "room_id", "sender", "state_key", "content", "hashes", "signatures", "depth", "prev_events",
        "prev_state", "auth_events", "origin", "origin_server_ts", "membership",
    )),
    content={
        "m.room.member": frozenset(("membership",)),
        "m.room.create": frozenset(("creator",)),
        "m.room.join_rules": frozenset(("join_rule",)),
        "m.room.power_levels": frozenset((
            "ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default",
        )),
        "m.room.aliases": frozenset(("aliases",)),
        "m.room.history_visibility": frozenset(("history_visibility",)),
    },
)  # fmt: skip
_SIXTH = replace(_FIRST, content={name: keys for name, keys in _FIRST.content.items() if name != "m.room.aliases"})
_EIGHTH = _SIXTH.but(join_rules=("allow",))
_NINTH = _EIGHTH.but(member=("join_authorised_via_users_server",))
_ELEVENTH = replace(
    _NINTH.but(
        without=("prev_state", "origin", "membership"), create=None, power_levels=("invite",), redaction=("redacts",)
    ),
    inner={"m.room.member": {"third_party_invite": frozenset(("signed",))}},
)


@dataclass(frozen=True, slots=True)
class Naming:
    """How the events of a room version are named: what is hashed, and how the hash is written."""

    redaction: Redaction
    encode: Callable[[bytes], bytes] = urlsafe_b64encode


NAMINGS: Mapping[str, Naming] = {
    "3": Naming(_FIRST, b64encode),
    "4": Naming(_FIRST),
    "5": Naming(_FIRST),
    "6": Naming(_SIXTH),
    "7": Naming(_SIXTH),
    "8": Naming(_EIGHTH),
    "9": Naming(_NINTH),
    "10": Naming(_NINTH),
    "11": Naming(_ELEVENTH),
    "12": Naming(_ELEVENTH),
}
"""By room version. In versions 1 and 2 an event carries the id that its server gave it."""


def event_id_of(event: Mapping[str, Any], version: str) -> str:
    """The id of an event of a room of this version, which is 3 or later, computed from what it says.

    Raises `EventError` for what has no canonical JSON, and `DefinitionError` without the extra `matrix`.
    """
    naming = NAMINGS[version]
    left = naming.redaction.of(event)
    left.pop("signatures", None)
    digest = sha256(_canonical(left)).digest()
    return f"${naming.encode(digest).decode().rstrip('=')}"


def is_whole(event: Mapping[str, Any]) -> bool:
    """Whether an event is as servers exchange it, so that its id can be computed: clients get less of it."""
    return type(event.get("prev_events")) is list and type(event.get("auth_events")) is list


def _canonical(value: dict[str, Any]) -> bytes:
    try:
        from canonicaljson import encode_canonical_json  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        raise DefinitionError(needs("the id of an event without one", missing.name, "matrix")) from None
    try:
        return encode_canonical_json(value)
    except (ValueError, RecursionError) as problem:
        raise EventError("", f"has no canonical JSON, so no id: {type(problem).__name__}") from None
