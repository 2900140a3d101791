"""Random Matrix rooms in all versions, and events of all types to be judged in them.

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

TYPES = ["m.room.name", "m.room.topic", "m.room.power_levels", "m.room.redaction", "m.room.third_party_invite", "org.x"]
OTHERS = ["m.room.name", "m.room.topic", "m.room.third_party_invite", "m.reaction", "org.x"]
NAMED = ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"]

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
            "events": [[event["type"], event["sender"], event.get("state_key"), _rest(event)] for event in self.events],
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
            {"type": event_type, "sender": sender, **({} if key is None else {"state_key": key}), **rest}
            for event_type, sender, key, rest in record["events"]
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
        self.told: JSON = {}

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
        self.told = next((event["content"] for event in state if event["type"] == "m.room.power_levels"), {})
        return Case(str(self.version), state, [self.any_question() for _ in range(EVENTS_PER_ROOM)])

    def any_question(self) -> JSON:
        """Half of what is asked is a matter of membership; the rest is of all other types."""
        if self.chance(50):
            return self.question()
        asked = self.random.choice(
            (
                self.new_levels,
                self.new_levels,
                self.other_state,
                self.message,
                self.redaction,
                self.promise,
                self.aliases,
            )
        )
        event: JSON = asked()
        return event

    def other(self, event_type: str, content: JSON, key: str | None) -> JSON:
        """An event by somebody, mostly by who is in the room."""
        user = self.random.choice([*USERS, *USERS, *STRANGERS])
        event = {**self.state(event_type, content), "sender": user, "state_key": key}
        if key is None:
            del event["state_key"]
        return event

    def new_levels(self) -> JSON:
        """Power levels, mostly those of the room with a few changes."""
        content = {**self.told} if self.chance(70) else self.levels()
        for listed, names in (("users", USERS), ("events", TYPES), ("notifications", TYPES)):
            if self.chance(40) or listed in content:
                content[listed] = self.altered(content.get(listed, {}), names)
        for name in NAMED:
            if self.chance(16):
                content.pop(name, None)
            if self.chance(8):
                content[name] = self.level()
        self.misfit(content)
        return self.other("m.room.power_levels", content, "")

    def altered(self, levels: JSON, names: list[str]) -> JSON:
        """Levels of a list, with one that is new or other, and without one, now and then."""
        altered = {**levels}
        if self.chance(50):
            altered[self.random.choice(names)] = self.level()
        if altered and self.chance(25):
            del altered[self.random.choice([*altered])]
        return altered

    def misfit(self, content: JSON) -> None:
        """Put in what is no level, or no user, now and then."""
        if self.version >= 10 and self.chance(10):
            value: Any = self.random.choice(["50", None, [], True])
            if self.chance(40):
                content[self.random.choice(NAMED)] = value
            else:
                content[self.random.choice(["users", "events", "notifications"])] = {self.random.choice(USERS): value}
        if self.chance(3):
            level: Any = self.random.choice([None, [], "fifty", "5e1"])
            content["users"] = {**content.get("users", {}), self.random.choice(USERS): level}
        if self.chance(3):
            content["users"] = {**content.get("users", {}), self.random.choice(["bob", "@bob", ""]): 0}
        if self.chance(2):
            content["users"] = self.random.choice([[], 5, "x"])

    def other_state(self) -> JSON:
        key = self.random.choice(["", "", "x", *USERS, "@x", " @x"])
        return self.other(self.random.choice(OTHERS), {"x": 1}, key)

    def message(self) -> JSON:
        return self.other(self.random.choice(["m.room.message", "m.room.encrypted", *OTHERS]), {"x": 1}, None)

    def redaction(self) -> JSON:
        redacts = self.random.choice(["$one:a.example", "$other:b.example", "$third:c.example:8448", "$none"])
        event = {**self.other("m.room.redaction", {"redacts": redacts}, None), "redacts": redacts}
        if self.version <= 2:
            event["event_id"] = self.random.choice(["$new:a.example", "$new:b.example"])
        return event

    def promise(self) -> JSON:
        return self.other("m.room.third_party_invite", {"public_key": "x"}, self.random.choice(["token0", "tok", ""]))

    def aliases(self) -> JSON:
        key = self.random.choice([None, "", "a.example", "a.example", "b.example", "A.example", "c.example:8448"])
        return self.other("m.room.aliases", {"aliases": []}, key)

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
        if self.chance(40):
            content["events"] = {name: self.level() for name in TYPES if self.chance(40)}
        if self.chance(15):
            content["notifications"] = {"room": self.level()}
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
