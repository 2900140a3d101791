"""Third-party invites: an invite that an identity server has signed over to a user.

A member invites an address of another network, by `m.room.third_party_invite` with
the public keys of an identity server. Once the address turns out to belong to a user,
the server signs a `token` for them, and an invite that carries it needs neither power
nor, to the letter, that the inviter is still joined.

Checking signatures needs the extra `matrix`. Without it, such an invite can be
neither allowed nor rejected, and is an error.

Spec: "If `content` has a `third_party_invite` property" (authorisation rules)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from fsm.errors import EventError, needs
from fsm.matrix.facts import Warrant
from fsm.record import Record

FIELD = "content.third_party_invite"

MAX_CHECKS = 2**6
"""The most pairs of a signature and a key that are tried for one invite. Identity servers sign once, for few keys."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Promise(Record):
    """An `m.room.third_party_invite` in the room's state: who sent it, and its content."""

    sender: str
    content: Mapping[str, Any]

    @property
    def keys(self) -> Iterator[str]:
        """The public keys in it, passing over what is none."""
        listed = self.content.get("public_keys")
        for holder in (self.content, *(listed if type(listed) is list else ())):
            key = holder.get("public_key") if isinstance(holder, Mapping) else None
            if type(key) is str:
                yield key


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Promises(Record):
    """The third-party invites of a room by their tokens, which are their state keys.

    One more makes another value, in time that grows with the logarithm of their number:
    each part holds fewer than the one before it, and later parts count before earlier ones.
    """

    parts: tuple[Mapping[str, Promise], ...] = ()

    def get(self, token: str) -> Promise | None:
        """The invite of this token."""
        return next((part[token] for part in reversed(self.parts) if token in part), None)

    def but(self, token: str, promise: Promise) -> "Promises":
        """The same, with this invite."""
        parts, last = [*self.parts], {token: promise}
        while parts and len(parts[-1]) <= len(last):
            last = {**parts.pop(), **last}
        return Promises((*parts, last))


def examine(value: object, *, sender: str, target: str, promises: Promises) -> Warrant:
    """What the `third_party_invite` of an invite is worth. The first fault decides, as in the rules."""
    signed = value.get("signed") if type(value) is dict else None
    if type(signed) is not dict or "mxid" not in signed or "token" not in signed:
        return Warrant.THIRD_PARTY_UNREADABLE
    if signed["mxid"] != target:
        return Warrant.THIRD_PARTY_FOR_ANOTHER
    promise = promises.get(signed["token"]) if type(signed["token"]) is str else None
    if promise is None:
        return Warrant.THIRD_PARTY_UNKNOWN
    if promise.sender != sender:
        return Warrant.THIRD_PARTY_OF_ANOTHER
    return Warrant.THIRD_PARTY if _is_signed(signed, promise) else Warrant.THIRD_PARTY_UNSIGNED


def _is_signed(signed: Mapping[str, Any], promise: Promise) -> bool:
    """Whether any signature is by any key of the promise.

    The specification sets no limit to either. Here, as many pairs of the first
    signatures and distinct keys are tried as `MAX_CHECKS` allows; an invite whose fate
    turns on a later pair is an error. Passing over what is malformed is not the same as
    Synapse does: for each key it stops at the first signature that fails, and at a key
    that is none.
    """
    pairs = list(islice(product(_signatures(signed), dict.fromkeys(promise.keys)), MAX_CHECKS + 1))
    try:
        from signedjson.key import decode_verify_key_bytes  # noqa: PLC0415 - an extra, and heavy
        from signedjson.sign import SignatureVerifyException, verify_signed_json  # noqa: PLC0415
        from unpaddedbase64 import decode_base64  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise EventError(FIELD, needs("to check its signature", missing.name, "matrix")) from None
    for (server, key_id), key in pairs[:MAX_CHECKS]:
        try:
            verify_signed_json({**signed}, server, decode_verify_key_bytes(key_id, decode_base64(key)))
        except (SignatureVerifyException, ValueError, TypeError, RecursionError):
            continue  # not by this key, or one of the two is malformed
        return True
    if len(pairs) > MAX_CHECKS:
        raise EventError(FIELD, f"has more signatures and keys than can be checked: {MAX_CHECKS} pairs are the most")
    return False


def _signatures(signed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The servers and key ids of all signatures of the one algorithm that is in use."""
    by_server = signed.get("signatures")
    for server, by_key in by_server.items() if type(by_server) is dict else ():
        for key_id in by_key if type(by_key) is dict else ():
            if key_id.startswith("ed25519:"):
                yield server, key_id
