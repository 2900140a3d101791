"""Envelopes to test with: one that has everything, as JSON and as a value, and any there may be."""

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fsm import JoinRule, Visibility
from fsm.mimi.envelope import Envelope, schema
from fsm.mimi.permissions import ORDER_LIMIT, Assignment, events, roles
from tests.builders import (
    BOB,
    CAROL,
    JSON,
)

Path = tuple[str | int, ...]

MODERATION: JSON = {"invite": True, "kick": True, "events": {"m.room.name": True, "m.poll": False}, "roles": ["guest"]}

FULL: JSON = {
    "policy": "mimi",
    "join_rule": "knock",
    "visibility": "world",
    "roles": {"mod": MODERATION, "mute": {"sendMessages": False}},
    "assignments": [
        {"role_id": "mod", "order": 50, "user_ids": [BOB, CAROL]},
        {"role_id": "mute", "order": 10, "user_ids": []},
    ],
}

VALUE = Envelope(
    "mimi",
    JoinRule.KNOCK,
    Visibility.WORLD,
    {
        "mod": {
            ("invite", ""): True,
            ("kick", ""): True,
            events("m.room.name"): True,
            events("m.poll"): False,
            roles("guest"): True,
        },
        "mute": {("sendMessages", ""): False},
    },
    (Assignment("mod", 50, frozenset({BOB, CAROL})), Assignment("mute", 10, frozenset())),
)

VALIDATOR = Draft202012Validator(schema())


permissions = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("invite", "kick", "ban", "redact", "sendMessages"), st.booleans()),
        "events": st.dictionaries(st.text(min_size=1, max_size=5), st.booleans(), max_size=3),
        "roles": st.lists(st.text(max_size=5), max_size=3),
    },
)
assignments = st.lists(
    st.fixed_dictionaries(
        {
            "role_id": st.text(min_size=1, max_size=5),
            "order": st.integers(0, 9) | st.integers(0, ORDER_LIMIT - 1),
            "user_ids": st.lists(st.text(min_size=1, max_size=5), max_size=3),
        }
    ),
    max_size=4,
)
documents = st.fixed_dictionaries(
    {"policy": st.sampled_from(["mimi", "mimi-00", "my.own"])},
    optional={
        "join_rule": st.sampled_from(["invite", "knock", "public"]),
        "visibility": st.sampled_from(list(Visibility)).map(str),
        "roles": st.dictionaries(st.text(min_size=1, max_size=5), permissions, max_size=3),
        "assignments": assignments,
    },
)


def is_distinct(document: JSON) -> bool:
    """Whether ids and orders are distinct, which no schema can say."""
    entries = document.get("assignments", [])
    return all(len({entry[key] for entry in entries}) == len(entries) for key in ("role_id", "order"))


envelopes = documents.filter(is_distinct).map(Envelope.from_json)
