"""Random Matrix rooms in all versions, and membership events to be judged in them.

Everything that a rule looks at takes values on both sides of it, and some beyond. What
cannot be read under a room version is left out: a peer that reads it all the same would
answer another question.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from nacl.signing import SigningKey as NaclKey
from signedjson.key import decode_signing_key_base64, encode_verify_key_base64, get_verify_key
from signedjson.sign import sign_json
from unpaddedbase64 import encode_base64

JSON: TypeAlias = dict[str, Any]

VERSIONS = [str(version) for version in range(1, 13)]
EVENTS_PER_ROOM = 40

HOME = "a.example"
USERS = [
    "@ann:a.example",
    "@abe:a.example",
    "@amy:a.example",
    "@bob:b.example",
    "@bea:b.example",
    "@cat:c.example:8448",
    "@Ännà B.:[2001:db8::1]:8448",
]
STRANGERS = ["@new:a.example", "@new:b.example", "@:a.example", "@ANN:a.example", "@ann:A.example"]
MEMBERSHIPS = ["invite", "join", "leave", "ban", "knock"]
JOIN_RULES = ["invite", "knock", "public", "restricted", "knock_restricted", "private"]

LEVELS: list[Any] = [-(2**53) + 1, -100, -1, 0, 0, 1, 25, 49, 50, 50, 51, 99, 100, 100, 101, 2**53 - 1]
STRINGS: list[Any] = ["0", "50", " 50 ", "+50", "-1", "\t00100\n", "99999999999999999999"]
FLOATS: list[Any] = [50.0, 49.9, -0.5, 50.7, 1e2, 1e300, 2**60, -(10**30)]

ROOM_ID = f"!room:{HOME}"
CREATE_ID = "$create"

_KEYS = [decode_signing_key_base64("ed25519", "0", encode_base64(bytes([number] * 32))) for number in range(3)]
assert isinstance(_KEYS[0], NaclKey)


@dataclass(frozen=True)
class Case:
    """One room: its version, its state, and events each of which is judged in just that state."""

    version: str
    state: list[JSON]
    events: list[JSON]

    def as_record(self, allowed: list[bool]) -> JSON:
        """The case and verdicts on it, in short."""
        return {
            "version": self.version,
            "state": [[event["type"], event["sender"], event["state_key"], _rest(event)] for event in self.state],
            "events": [[event["sender"], event.get("state_key"), _rest(event)] for event in self.events],
            "allowed": "".join("01"[each] for each in allowed),
        }

    @classmethod
    def from_record(cls, record: JSON) -> tuple["Case", list[bool]]:
        """The case and the verdicts again."""
        state = [
            {"type": event_type, "sender": sender, "state_key": key, **rest}
            for event_type, sender, key, rest in record["state"]
        ]
        events = [
            {"type": "m.room.member", "sender": sender, **({} if key is None else {"state_key": key}), **rest}
            for sender, key, rest in record["events"]
        ]
        return cls(record["version"], state, events), [each == "1" for each in record["allowed"]]


def _rest(event: JSON) -> JSON:
    return {key: each for key, each in event.items() if key not in ("type", "sender", "state_key")}


def rooms(seed: int, count: int) -> Iterator[Case]:
    """So many rooms, the versions in turn."""
    random = Random(seed)  # noqa: S311 - tests, not secrets
    for number in range(count):
        yield _Maker(random, int(VERSIONS[number % len(VERSIONS)])).case()


class _Maker:
    def __init__(self, random: Random, version: int) -> None:
        self.random = random
        self.version = version
        self.creator = random.choice(USERS[:3])
        self.tells_room = self.chance(20)
        self.tokens: list[tuple[str, str, list[int]]] = []

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def case(self) -> Case:
        state = [self.create()]
        if self.chance(80):
            state.append(self.state("m.room.power_levels", self.levels()))
        if self.chance(85):
            state.append(self.state("m.room.join_rules", self.join_rules()))
        state += [self.third_party_invite(number) for number in range(self.random.choice([0, 0, 1, 2]))]
        for user in USERS:
            if self.chance(85):
                membership = "join" if self.chance(45) else self.random.choice(MEMBERSHIPS)
                state.append(self.member(self.random.choice([user, self.creator]), user, {"membership": membership}))
        self.random.shuffle(state)
        return Case(str(self.version), state, [self.question() for _ in range(EVENTS_PER_ROOM)])

    def create(self) -> JSON:
        sender = self.random.choice(USERS[:3]) if self.chance(10) else self.creator
        if self.version >= 11:
            sender = self.creator
        content: JSON = {"room_version": str(self.version)}
        if self.version == 1 and self.chance(50):
            del content["room_version"]
        if self.version <= 10 or self.chance(20):
            content["creator"] = self.creator if self.version <= 10 else self.random.choice(USERS)
        if self.chance(40):
            content["m.federate"] = self.chance(40)
        if self.chance(50 if self.version == 12 else 5):
            content["additional_creators"] = self.random.sample(USERS, self.random.randrange(3))
        event = {**self.state("m.room.create", content), "sender": sender, "event_id": CREATE_ID}
        if self.version == 12:
            event.pop("room_id", None)
        return event

    def levels(self) -> JSON:
        content: JSON = {}
        if self.chance(90):
            content["users"] = {user: self.level() for user in USERS if self.chance(60)}
        for key in ("users_default", "invite", "kick", "ban"):
            if self.chance(45):
                content[key] = self.level()
        for key in ("redact", "state_default", "events_default"):
            if self.chance(20):
                content[key] = self.level()
        if self.chance(20):
            content["events"] = {"m.room.member": self.level(), "m.room.name": self.level()}
        return content

    def level(self) -> Any:
        if self.version <= 9 and self.chance(25):
            return self.random.choice(STRINGS)
        if self.version <= 5 and self.chance(15):
            return self.random.choice(FLOATS)
        return self.random.choice(LEVELS)

    def join_rules(self) -> JSON:
        if self.chance(5):
            return {}
        if self.chance(5):
            return {"join_rule": self.random.choice(["", "Public", "open", None, 5, ["public"], {"public": True}])}
        rule = self.random.choice(JOIN_RULES)
        return {"join_rule": rule, **({"allow": []} if self.chance(20) else {})}

    def third_party_invite(self, number: int) -> JSON:
        token, sender = f"token{number}", self.random.choice(USERS)
        keys = self.random.sample(range(len(_KEYS)), self.random.randrange(len(_KEYS)))
        self.tokens.append((token, sender, keys))
        encoded = [encode_verify_key_base64(get_verify_key(_KEYS[key])) for key in keys]
        content: JSON = {}
        if encoded and self.chance(70):
            content["public_key"] = encoded.pop(0)
        if encoded or self.chance(30):
            content["public_keys"] = [{"public_key": key} for key in encoded]
        return {**self.state("m.room.third_party_invite", content), "state_key": token, "sender": sender}

    def question(self) -> JSON:
        user = self.random.choice([*USERS, *USERS, *STRANGERS])
        target = user if self.chance(45) else self.random.choice([*USERS, *USERS, *STRANGERS])
        action = self.random.choice([*MEMBERSHIPS, "join", "leave"])
        if self.chance(1):
            action = self.random.choice(["", "Join", "kick", "joined"])
        if action == "join" and self.chance(20):
            target = self.creator
        content: JSON = {"membership": action}
        if self.chance(1):
            content = {}
        if self.chance(5):
            content |= {"reason": "why", "displayname": None, "is_direct": [], "avatar_url": {"a": 1}}
        if self.chance(40 if action == "join" else 3):
            content["join_authorised_via_users_server"] = self.authoriser()
        if self.chance(35 if action == "invite" else 1):
            user, target = self.redeem(content, user, target)
        event = self.member(user, target, content)
        if self.chance(90 if action == "join" else 5):
            event["prev_events"] = self.previous()
        if self.chance(1):
            del event["state_key"]
        return event

    def authoriser(self) -> Any:
        if self.chance(5):
            return self.random.choice([None, 5, "", "@nobody:x", ["@ann:a.example"], {}])
        return self.random.choice(USERS)

    def previous(self) -> list[str]:
        if self.chance(70):
            return [CREATE_ID]
        return self.random.choice(
            [[], ["$other"], [CREATE_ID, "$other"], ["$other", CREATE_ID], [CREATE_ID, CREATE_ID]]
        )

    def redeem(self, content: JSON, user: str, target: str) -> tuple[str, str]:
        """Put a third-party invite into the content, good or with some fault, and say who sends it to whom."""
        token, sender, keys = self.random.choice([*self.tokens, ("token9", user, [0])])
        signer = self.random.choice(keys) if keys and self.chance(80) else self.random.randrange(len(_KEYS))
        signed: JSON = {"mxid": target, "token": token}
        sign_json(signed, "id.example", _KEYS[signer])
        if self.chance(20):
            self.spoil(signed)
        content["third_party_invite"] = {"signed": signed}
        if self.chance(6):
            content["third_party_invite"] = self.random.choice([None, {}, {"signed": None}, {"signed": {}}, [], "x", 5])
        return sender if self.chance(85) else user, target

    def spoil(self, signed: JSON) -> None:
        match self.random.randrange(8):
            case 0:
                signed["mxid"] = self.random.choice(USERS)
            case 1:
                signed["token"] = self.random.choice(["token0", "token1", "other"])
            case 2:
                del signed[self.random.choice(["mxid", "token", "signatures"])]
            case 3:
                signed["signatures"] = self.random.choice([{}, {"id.example": {}}, {"x": {"ed25519:0": "AAAA"}}])
            case 4:
                signatures = signed["signatures"]["id.example"]
                signed["signatures"]["id.example"] = {"unknown:0": signatures["ed25519:0"]}
            case 5:
                signed["sender"] = "@somebody:else"  # not signed
            case 6:
                signed["unsigned"] = {"age": 1}  # not signed either, and need not be
            case 7:
                signed["signatures"]["other.example"] = {"ed25519:9": "AAAA"}  # after the good one

    def member(self, sender: str, target: str, content: JSON) -> JSON:
        return {**self.state("m.room.member", content), "sender": sender, "state_key": target}

    def state(self, event_type: str, content: JSON) -> JSON:
        event = {"type": event_type, "sender": self.creator, "state_key": "", "content": content}
        if not self.tells_room:
            return event
        return {**event, "room_id": f"!{CREATE_ID[1:]}" if self.version == 12 else ROOM_ID}
