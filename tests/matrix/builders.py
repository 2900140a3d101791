"""What the tests build Matrix facts, events and rooms from. Nothing here decides anything."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from nacl.signing import SigningKey
from signedjson.key import decode_signing_key_base64, encode_verify_key_base64, get_verify_key
from signedjson.sign import sign_json
from unpaddedbase64 import encode_base64

from fsm.matrix.facts import MatrixFacts, Warrant
from fsm.matrix.policies import MATRIX_12, VERSIONS, MatrixPolicy
from fsm.matrix.room import MatrixRoom
from fsm.participation.terms import JoinRule
from tests.builders import JOIN

ALICE, ABE, BOB, CAROL = "@alice:a.example", "@abe:a.example", "@bob:b.example", "@carol:c.example"
"""Alice is the creator of every room that is built here; Abe is of her server."""

ROOM_ID = "!room:a.example"
CREATE_ID = "$create"

JSON: TypeAlias = dict[str, Any]
Given: TypeAlias = Mapping[str, Any]

POLICIES: list[MatrixPolicy] = list(VERSIONS.values())

VERSIONS_WITH_CREATOR = [str(version) for version in range(1, 11)]

KICKING: Given = {"may_kick": True, "outranks_for_kick": True, "outranks_for_ban": True}
BANNING: Given = {"may_ban": True, "outranks_for_kick": True, "outranks_for_ban": True}
STAFF: Given = {"may_invite": True, **KICKING, **BANNING}
"""Facts of a sender who may all and outranks the target."""


def from_version(number: int) -> list[MatrixPolicy]:
    """The policies of this version and all later ones."""
    return POLICIES[number - 1 :]


def before_version(number: int) -> list[MatrixPolicy]:
    return POLICIES[: number - 1]


def facts(**given: Any) -> MatrixFacts:
    """What differs from a plain room: two joined users without any power; only invited users may join."""
    plain: JSON = {
        "target": JOIN,
        "sender": JOIN,
        "is_self": False,
        "join_rule": JoinRule.INVITE,
        "warrant": Warrant.NONE,
        "is_authorised": False,
        **dict.fromkeys(STAFF, False),
    }
    if given.get("is_self") and "target" in given:
        plain["sender"] = given["target"]
    return MatrixFacts(**{**plain, **given})


def state(event_type: str, content: Given, *, sender: str = ALICE, state_key: str = "", **more: Any) -> JSON:
    return {"type": event_type, "sender": sender, "state_key": state_key, "content": dict(content), **more}


def create(version: str = "12", content: Given = {}, *, creator: str = ALICE) -> JSON:  # noqa: B006 - never changed
    """A room's creation, as its version has it."""
    said = {"room_version": version, **({"creator": creator} if version in VERSIONS_WITH_CREATOR else {}), **content}
    return state("m.room.create", said, sender=creator, event_id=CREATE_ID)


def member(membership: object, sender: str, target: str | None = None, *, content: Given = {}, **more: Any) -> JSON:  # noqa: B006
    """A membership event: `sender` does this to `target`, or to themselves."""
    said = {"membership": str(membership), **content}
    return state("m.room.member", said, sender=sender, state_key=sender if target is None else target, **more)


def members(**states: Iterable[str]) -> list[JSON]:
    """Membership events by which users stand in the states named: `members(join=[ALICE])`."""
    return [member(state, user) for state, users in states.items() for user in users]


def levels(content: Given = {}, **more: Any) -> JSON:  # noqa: B006 - never changed
    return state("m.room.power_levels", {**content, **more})


def join_rules(rule: object) -> JSON:
    return state("m.room.join_rules", {"join_rule": rule})


def message(sender: str = ALICE) -> JSON:
    return {"type": "m.room.message", "sender": sender, "content": {"body": "hello"}}


def room(*events: Given, version: str = "12", creation: JSON | None = None) -> MatrixRoom:
    """A room in the state of its creation and these events."""
    return MatrixRoom.from_state([creation or create(version), *events], policy=VERSIONS[version])


def inside(of: MatrixRoom) -> tuple[object, ...]:
    """A copy of all that a room knows: equal copies, equal rooms."""
    past = None if of._past is None else list(of._past)
    members = dict(of._members)
    return (of.id, of.policy.id, of._settings, members, id(of._table), of._rule, past, of._is_just_created)


# Third-party invites. The keys are made of the number that names them.


def signing_key(number: int) -> Any:
    return decode_signing_key_base64("ed25519", "0", encode_base64(bytes(SigningKey(bytes([number] * 32)))))


def public_key(number: int) -> str:
    return str(encode_verify_key_base64(get_verify_key(signing_key(number))))


def promise(token: str, *, sender: str = ALICE, content: Given | None = None) -> JSON:
    """An `m.room.third_party_invite`, by default with the public key number 1."""
    said = {"display_name": "a…@b…", "public_key": public_key(1)} if content is None else content
    return state("m.room.third_party_invite", said, sender=sender, state_key=token)


def signed(target: str, token: str, *, by: int = 1, **more: Any) -> JSON:
    """What an identity server signs, by default with the key number 1."""
    return sign_json({"mxid": target, "token": token, **more}, "id.example", signing_key(by))


def redeem(sender: str, target: str, third_party_invite: object) -> JSON:
    return member("invite", sender, target, content={"third_party_invite": third_party_invite})


LATEST = MATRIX_12
