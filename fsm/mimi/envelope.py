"""The policy envelope: what a room shares and configures, as one value.

An envelope holds the id of the policy and all settings that the policy reads:
join rule, history visibility, roles, and who is assigned to them. It says nothing
of who is in the room. As JSON it is described by `schema()`; each part has the form
that it has in events, and is read by the same functions.

An envelope is judged as a whole: `EnvelopeError` lists all faults, not only the
first. What events leave to guards, such as whether orders are distinct, is a fault
here, since nobody is there yet to be told of a refusal.

Spec: "Introduction" (seed 1), by which an envelope is described, shared, and
configured; "Permissions" (-00 5), "`m.room.join_rules`" (-00 6.7) and
"`m.room.history_visibility`" (-00 7.1) for its parts
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from fsm.errors import EventError, shorten
from fsm.event import checked_name, describe, join, mapping, name, plain, word, words_of
from fsm.mimi.codec.structs import (
    BOOLEAN_PERMISSION,
    JOIN_RULE,
    OPAQUE,
    PERMISSION_00,
    PERMISSION_VALUE_00,
    ROLE_CONFIG,
    VISIBILITY,
)
from fsm.mimi.permissions import (
    AT_ONCE,
    Assignment,
    Gather,
    Permissions,
    parse_permissions,
    parse_role_map,
    write_permissions,
    write_role_map,
)
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import POWERLESS, Roles
from fsm.mimi.settings import JOIN_RULE_WORDS, Settings
from fsm.participation.terms import JoinRule, Visibility
from fsm.presentation import Enumerated, Object, Pair, Struct, Variant, Vector

MOST_FAULTS = 100
"""How many faults are looked for; reading ends there."""

_SHOWN = 10

PERMISSION = Enumerated({**PERMISSION_00.numbers, "sendMessages": 7})
PERMISSION_VALUE = Variant(PERMISSION, {**PERMISSION_VALUE_00.cases, "sendMessages": BOOLEAN_PERMISSION})
"""One permission of a role: those of -00 with their numbers, then the one that only -01 has."""

ENVELOPE = Struct(
    {
        "policy": OPAQUE,
        "join_rule": JOIN_RULE,
        "visibility": VISIBILITY,
        "roles": Object(Pair(OPAQUE, Object(PERMISSION_VALUE))),
        "assignments": Vector(ROLE_CONFIG),
    }
)
"""An envelope on the wire. The struct is ours, put together from those of the drafts."""


class EnvelopeError(EventError):
    """An envelope has faults: `faults` are all of them, each an `EventError` with its `field`."""

    def __init__(self, faults: Iterable[EventError]) -> None:
        self.faults = tuple(faults)
        first, *others = self.faults
        if not others:
            super().__init__(first.field, first.problem)
        else:
            shown = "; ".join(map(str, self.faults[:_SHOWN]))
            more = f"; and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
            super().__init__("", f"{len(self.faults)} faults: {shown}{more}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A policy's id, and the settings that it reads. A value.

    `roles` says by role id what each role permits, `assignments` who has it.
    """

    policy: str
    join_rule: JoinRule = JoinRule.INVITE
    visibility: Visibility = Visibility.SHARED
    roles: Mapping[str, Permissions] = field(default_factory=dict)
    assignments: tuple[Assignment, ...] = ()

    def __post_init__(self) -> None:
        """Keep the roles in a form that nobody changes."""
        frozen = {role_id: MappingProxyType(dict(permissions)) for role_id, permissions in self.roles.items()}
        object.__setattr__(self, "roles", MappingProxyType(frozen))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the roles as dictionaries, which are frozen again."""
        roles = {role_id: dict(permissions) for role_id, permissions in self.roles.items()}
        return type(self), (self.policy, self.join_rule, self.visibility, roles, self.assignments)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read an envelope. Raises `EnvelopeError` with all of its faults.

        Only `policy` must be there. What is left out is as the drafts have it
        in a room without such an event.
        """
        faults = _Faults()
        with suppress(EventError), faults:
            envelope = cls(**_read(plain(value), faults))
            envelope._note_repeats(faults)
        if faults.found:
            raise EnvelopeError(faults.found)
        return envelope

    @classmethod
    def as_it_stands(cls, value: object) -> Self:
        """Read an envelope whose role map may repeat ids and orders. Raises `EventError` at the first fault.

        There are rooms of that kind: their state was taken as it stood.
        """
        return cls(**_read(value, AT_ONCE))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an envelope off the wire.

        Raises `DecodeError` when these are not the bytes of one, and
        `EnvelopeError` when they are those of one with faults.
        """
        return cls.from_json(ENVELOPE.decode(data))

    @classmethod
    def of(cls, policy: MimiPolicy, settings: Settings) -> Self:
        """The envelope of a room under this policy, with these settings."""
        roles = settings.roles
        return cls(policy.id, settings.join_rule, settings.visibility, roles.defined, roles.assigned)

    def as_json(self) -> dict[str, Any]:
        """The envelope as JSON, complete. Equal envelopes are written alike."""
        return {
            "policy": self.policy,
            "join_rule": self.join_rule.value,
            "visibility": self.visibility.value,
            "roles": {role_id: write_permissions(permissions) for role_id, permissions in sorted(self.roles.items())},
            "assignments": write_role_map(self.assignments),
        }

    def as_bytes(self) -> bytes:
        """The envelope on the wire. Raises `EventError` for a text that has no UTF-8 form."""
        return ENVELOPE.encode(self.as_json())

    def settings(self, policy: MimiPolicy) -> Settings:
        """What this envelope sets a room to in which nobody reigns yet.

        Raises `EventError` when it is the envelope of another policy, or its
        join rule is none of this one's.
        """
        if self.policy != policy.id:
            raise EventError("policy", f"`{shorten(self.policy)}` is another policy than `{policy.id}`")
        if self.join_rule not in policy.domain.values["join_rule"]:
            raise EventError("join_rule", f"`{self.join_rule}` is no join rule of policy `{policy.id}`")
        defined = {role_id: dict(permissions) for role_id, permissions in self.roles.items()}
        roles = Roles(policy.power).redefine(defined).assign(self.assignments)
        return Settings(roles, join_rule=self.join_rule, visibility=self.visibility)

    def _note_repeats(self, faults: Gather) -> None:
        """Note every entry of the role map whose id or order an earlier one has.

        Spec: "Permissions" (-00 5)
        """
        seen: set[object] = set()
        for index, entry in enumerate(self.assignments):
            for key, value in (("role_id", entry.role_id), ("order", entry.order)):
                with faults:
                    if (key, value) in seen:
                        raise EventError(f"assignments[{index}].{key}", f"`{shorten(str(value))}` is there already")
                if value not in ("", POWERLESS):  # it could not be read
                    seen.add((key, value))


def schema() -> dict[str, Any]:
    """The JSON Schema of envelopes (draft 2020-12).

    Whether ids and orders are distinct is beyond it; `Envelope.from_json` looks.
    """
    value: dict[str, Any] = json.loads(Path(__file__).with_name("envelope.schema.json").read_text(encoding="utf-8"))
    return value


class _Faults:
    """Notes faults instead of raising them: `with faults` goes on behind what it could not read."""

    def __init__(self) -> None:
        self.found: list[EventError] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, EventError) or len(self.found) == MOST_FAULTS:
            return False
        self.found.append(error)
        return True


def _read(value: object, faults: Gather) -> dict[str, Any]:
    """The parts of an envelope that can be read, by name."""
    if type(value) is not dict:
        raise EventError("", f"an envelope must be an object, not {describe(value)}")
    parts: dict[str, Any] = {"policy": ""}
    for key in dict.fromkeys(("policy", *value)):
        with faults:
            if key not in _PARTS:
                raise EventError("", f"there is no `{shorten(str(key))}` in an envelope")
            parts[key] = _PARTS[key](value, faults)
    return parts


def _read_roles(value: object, faults: Gather) -> dict[str, Permissions]:
    defined: dict[str, Permissions] = {}
    for role_id, permissions in mapping(value, "roles").items():
        with faults:
            place = join("roles", str(role_id))
            defined[checked_name(role_id, place)] = parse_permissions(permissions, place, faults)
    return defined


_PARTS: Mapping[str, Callable[[Mapping[str, Any], Gather], Any]] = {
    "policy": lambda value, _: name(value, "policy"),
    "join_rule": lambda value, _: word(value, "join_rule", words_of(JOIN_RULE_WORDS)),
    "visibility": lambda value, _: word(value, "visibility", words_of(Visibility)),
    "roles": lambda value, faults: _read_roles(value["roles"], faults),
    "assignments": lambda value, faults: parse_role_map(value["assignments"], "assignments", faults),
}
