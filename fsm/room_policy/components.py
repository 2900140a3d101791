"""The other components of a room's state, as values: who is in, with which clients, and what the room is set to.

Opaque values (users, clients, claims, links) are strings, compared character by
character. Fields that nobody asks for are ignored.

Spec: "Preauthorized Users" (4), "Base Room policy component syntax" (5), "Join Link policies component" (6.2);
draft-ietf-mimi-protocol, "Participant List", "Room Metadata"
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias

from fsm.errors import EventError, shorten
from fsm.event import checked_flag, checked_name, checked_text, join, mapping, name, sequence, text, whole_number
from fsm.room_policy.roles import OUTSIDE, Roles, checked_index, index, optional_index, read_role

Claim: TypeAlias = tuple[int, str, str]
"""What a credential proves: the credential type, the id of the claim, and its value."""

Code: TypeAlias = tuple[str, int]
"""A join link, and the role in which one may join by it."""

UINT16 = 2**16

MAX_PARTICIPANTS = 2**20
"""The most participants, and the most clients, that a room is read with."""


@dataclass(frozen=True, slots=True)
class Preauthorization:
    """Who has all of these claims may take this role."""

    claims: frozenset[Claim]
    role: int


@dataclass(frozen=True, slots=True)
class Preauthorizations:
    """The preauthorizations of a room, each with its place, by the claim of each that the fewest others ask for.

    So the time that a question takes does not grow with their number. Those that ask for no claim are under None.
    """

    by_claim: Mapping[Claim | None, Sequence[tuple[int, Preauthorization]]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Sequence[Preauthorization]) -> "Preauthorizations":
        """These preauthorizations, in order."""
        counts = Counter(claim for entry in entries for claim in entry.claims)
        by_claim: dict[Claim | None, list[tuple[int, Preauthorization]]] = {}
        for place, entry in enumerate(entries):
            by_claim.setdefault(min(entry.claims, key=counts.__getitem__, default=None), []).append((place, entry))
        return cls(by_claim)

    @property
    def entries(self) -> tuple[Preauthorization, ...]:
        """All of them, in order."""
        return tuple(entry for _, entry in sorted(chain(*self.by_claim.values()), key=itemgetter(0)))

    def first_match(self, claims: frozenset[Claim], *, but: int | None = None) -> int | None:
        """The role of the first entry all of whose claims are proved; entries for the role `but` do not count.

        Spec: "the requesting client receives the first role which matches its claims" (4)
        """
        found = (
            (place, entry.role)
            for claim in (None, *claims)
            for place, entry in self.by_claim.get(claim, ())
            if entry.role != but and entry.claims <= claims
        )
        return min(found, default=(0, None))[1]


@dataclass(frozen=True, slots=True)
class BasePolicy:
    """What a room is set to that goes for all roles."""

    fixed_membership: bool = False
    parent_dependent: bool = False
    parent_room: str = ""
    multi_device: bool = True
    max_clients: int | None = None
    max_users: int | None = None


METADATA: Mapping[str, str | None] = {
    "room_uri": None,
    "room_name": "canChangeRoomName",
    "room_descriptions": "canChangeRoomDescription",
    "room_avatar": "canChangeRoomAvatar",
    "room_subject": "canChangeRoomSubject",
    "room_mood": "canChangeRoomMood",
}
"""The fields of the metadata, each with the capability that changing it takes (8.2); nobody changes the first."""

Metadata: TypeAlias = Mapping[str, str]
"""By field its value, as JSON text; fields that are empty are left out."""


@dataclass(frozen=True, slots=True)
class Components:
    """What a room is set to, beside its roles and who is in."""

    preauthorizations: Preauthorizations = field(default_factory=Preauthorizations)
    codes: frozenset[Code] = frozenset()
    base: BasePolicy = BasePolicy()
    metadata: Metadata = field(default_factory=dict)


def read_participants(content: Mapping[str, Any], roles: Roles, within: str = "") -> dict[str, int]:
    """The role index of everybody who is listed. Raises `EventError`."""
    listed: dict[str, int] = {}
    for place, entry in _entries(content, "participants", within, MAX_PARTICIPANTS):
        user, role = name(entry, "user", place), index(entry, "role_index", place)
        if user in listed:
            raise EventError(place, f"lists `{shorten(user)}` twice")
        if role == OUTSIDE:
            raise EventError(join(place, "role_index"), "is that of users who are not listed")
        if role not in roles.by_index:
            raise EventError(join(place, "role_index"), f"no role has the index {role}")
        listed[user] = role
    return listed


def read_group(content: Mapping[str, Any], within: str = "") -> dict[str, set[str]]:
    """The clients of every user in the MLS group. Raises `EventError`."""
    clients: dict[str, set[str]] = {}
    seen: set[str] = set()
    for place, entry in _entries(content, "members", within, MAX_PARTICIPANTS):
        user, client = name(entry, "user", place), name(entry, "client", place)
        if client in seen:
            raise EventError(place, f"client `{shorten(client)}` is in the group twice")
        seen.add(client)
        clients.setdefault(user, set()).add(client)
    return clients


def read_preauthorizations(content: Mapping[str, Any], within: str = "") -> tuple[Preauthorization, ...]:
    """The entries of a `preauth_list`, in order. Raises `EventError`."""
    return tuple(
        Preauthorization(read_claims(entry, "claimset", place), _target_role(entry, place))
        for place, entry in _entries(content, "preauthorized_entries", within)
    )


def write_preauthorizations(entries: Iterable[Preauthorization]) -> dict[str, Any]:
    """A `preauth_list` as JSON."""
    return {
        "preauthorized_entries": [
            {"claimset": [_claim_as_json(claim) for claim in sorted(entry.claims)], "target_role": entry.role}
            for entry in entries
        ]
    }


def _claim_as_json(claim: Claim) -> dict[str, Any]:
    credential_type, claim_id, value = claim
    return {"claim_id": {"credential_type": credential_type, "id": claim_id}, "claim_value": value}


def read_claims(parent: Mapping[str, Any], key: str, within: str) -> frozenset[Claim]:
    """The claims under a key. Raises `EventError`."""
    return frozenset(_claim(entry, place) for place, entry in _entries(parent, key, within))


def read_credential(content: Mapping[str, Any], within: str) -> frozenset[Claim]:
    """What an event's sender proves; nothing where there is no credential."""
    place = join(within, "credential")
    if content.get("credential") is None:
        return frozenset()
    return read_claims(mapping(content["credential"], place), "claims", place)


def read_join_links(content: Mapping[str, Any], within: str = "") -> frozenset[Code]:
    """The links of a `join_links` that are valid. Raises `EventError`."""
    links = [
        (
            (text(entry, "join_link", place), index(entry, "target_role_index", place)),
            checked_flag(entry.get("valid", True), join(place, "valid")),
        )
        for place, entry in _entries(content, "join_links", within)
    ]
    return frozenset(code for code, is_valid in links if is_valid)


def read_base_policy(content: Mapping[str, Any], within: str = "") -> BasePolicy:
    """A `base_room_policy`; what is left out has its default. Raises `EventError`."""
    default = BasePolicy()
    flags = {
        key: checked_flag(content.get(key, getattr(default, key)), join(within, key))
        for key in ("fixed_membership", "parent_dependent", "multi_device")
    }
    parent = checked_text(content.get("parent_room", ""), join(within, "parent_room"))
    most = {key: optional_index(content, key, within) for key in ("max_clients", "max_users")}
    return BasePolicy(**flags, parent_room=parent, **most)  # type: ignore[arg-type]  # each by its name


def write_base_policy(base: BasePolicy) -> dict[str, Any]:
    """A `base_room_policy` as JSON."""
    return asdict(base)


def read_metadata(content: Mapping[str, Any], within: str = "") -> Metadata:
    """A `room_metadata`, whose values are compared as JSON. Raises `EventError`."""
    return {key: _as_json(content[key], join(within, key)) for key in METADATA if content.get(key)}


def read_clients(content: Mapping[str, Any], within: str) -> frozenset[str] | None:
    """The clients that an event names; None where it does not say."""
    if "clients" not in content:
        return None
    place = join(within, "clients")
    return frozenset(
        checked_name(client, f"{place}[{number}]") for number, client in enumerate(sequence(content["clients"], place))
    )


def _claim(entry: Mapping[str, Any], place: str) -> Claim:
    where = join(place, "claim_id")
    if "claim_id" not in entry:
        raise EventError(where, "is missing")
    claim = mapping(entry["claim_id"], where)
    return (
        whole_number(claim, "credential_type", where, UINT16),
        text(claim, "id", where),
        text(entry, "claim_value", place),
    )


def _target_role(entry: Mapping[str, Any], place: str) -> int:
    """The role that an entry leads to: an index, or a whole role of which the index counts."""
    where = join(place, "target_role")
    if "target_role" not in entry:
        raise EventError(where, "is missing")
    given = entry["target_role"]
    return read_role(given, where).index if type(given) is dict else checked_index(given, where)


def _as_json(value: object, place: str) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        raise EventError(place, "is no JSON, or nested too deeply") from None


def _entries(
    content: Mapping[str, Any], key: str, within: str, most: int | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """The objects in an array, each with its place."""
    place = join(within, key)
    if key not in content:
        raise EventError(place, "is missing")
    values = sequence(content[key], place)
    if most is not None and len(values) > most:
        raise EventError(place, f"has {len(values)} entries, {most} is the most")
    return [(f"{place}[{number}]", mapping(value, f"{place}[{number}]")) for number, value in enumerate(values)]
