"""Long random histories of one room with a handful of users, for the property tests.

Events are drawn from a fixed pool: drawing is then quick, shrinking ends at the
first events of the pool, and everything that matters is in reach - permissions
come and go, everybody tries everything on everybody, and some events are no events.
"""

from itertools import product

from hypothesis import strategies as st

from fsm import Action
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BAN,
    BOB,
    CAROL,
    DAN,
    INVITE,
    JOIN,
    JSON,
    KNOCK,
    LEAVE,
    change,
    create,
    join_rule,
    joined,
    message,
    name_of_room,
    role,
    role_map,
    visibility,
)

USERS = (ALICE, BOB, CAROL, DAN)

CHANGES = [change(action, sender, target) for action, sender, target in product(Action, USERS, USERS)]
OTHER_SHAPES = [
    change(Action.BAN, ALICE, BOB, type="m.room.user"),
    change(JOIN, BOB, content={"participation": "join", "reason": "tea"}),
    change(JOIN, CAROL, content={"participation": "join", "m.mood": [1, 2]}),
    change(INVITE, BOB, DAN, event_id="$1", room_id="!room:a.example"),
]

HOST: JSON = {"invite": True, "kick": True, "ban": True, "roles": ["host", "mute"], "events": {"m.room.role_map": True}}
DEFINITIONS: list[tuple[str, JSON]] = [
    ("owner", {**ALL_POWERS, "roles": ["owner", "host", "mute"]}),
    ("owner", {**ALL_POWERS, "roles": ["owner", "host", "mute"], "ban": False}),
    ("host", HOST),
    ("host", {**HOST, "events": {"m.room.role": True, "m.room.role_map": True, "m.room.join_rules": True}}),
    ("host", {"kick": True, "ban": False}),
    ("mute", {"sendMessages": False, "kick": False, "events": {"m.sticker": False}}),
    ("mute", {"add": True}),
    ("mute", {}),
]
MAPS: list[list[tuple[str, int, list[str]]]] = [
    [("owner", 100, [ALICE]), ("host", 50, [BOB])],
    [("owner", 100, [ALICE]), ("host", 50, [BOB, CAROL]), ("mute", 10, [DAN])],
    [("owner", 100, [ALICE, CAROL]), ("host", 50, [BOB]), ("mute", 200, [BOB])],
    [("owner", 100, [ALICE]), ("host", 50, [BOB]), ("mute", 60, [BOB, CAROL])],
    [("owner", 100, [ALICE, CAROL]), ("host", 50, [BOB]), ("mute", 200, [])],
    [("owner", 100, [ALICE]), ("host", 50, [BOB]), ("mute", 60, [CAROL])],
    [("owner", 100, [ALICE]), ("host", 50, [BOB]), ("mute", 40, [BOB, CAROL])],
    [("owner", 100, []), ("host", 50, [BOB])],
    [("owner", 10, [BOB]), ("host", 50, [CAROL, DAN])],
    [("host", 50, [ALICE, BOB])],
    [("host", 50, [])],
    [],
    [("host", 50, [BOB]), ("host", 60, [CAROL])],
    [("host", 50, [BOB]), ("mute", 50, [CAROL])],
]
SETTINGS = [
    *(role(role_id, permissions, sender) for (role_id, permissions), sender in product(DEFINITIONS, USERS[:3])),
    *(role_map(*entries, sender=sender) for entries, sender in product(MAPS, USERS[:3])),
    *(join_rule(rule, sender) for rule, sender in product(("invite", "knock", "public"), USERS[:2])),
    *(visibility("world", sender) for sender in USERS[:2]),
    *(name_of_room(sender) for sender in USERS),
    *(create(sender) for sender in USERS[:2]),
]
MESSAGES = [message(sender, kind) for sender, kind in product(USERS, ("m.message", "m.sticker"))]

MALFORMED: list[JSON] = [
    change("dance", ALICE, BOB),
    change(JOIN, BOB, content={}),
    change(JOIN, BOB, content=[]),
    change(JOIN, BOB, content={"participation": "join", "reason": 7}),
    change(JOIN, BOB, content={"participation": ["join"]}),
    change(JOIN, BOB, ""),
    change(JOIN, BOB, event_id=7),
    change(JOIN, BOB, room_id="!other:x"),
    change(JOIN, BOB, type=7),
    {**change(JOIN, BOB), "sender": None},
    {"type": "m.user", "sender": BOB, "content": {"participation": "join"}},
    role("host", {"fly": True}),
    role("", {}),
    role_map(("host", -1, [BOB])),
    join_rule("open"),
    {},
]

# Most of what people try on each other is refused. These keep the room alive.
ON_THEMSELVES = [change(action, user) for action, user in product((JOIN, KNOCK, LEAVE), USERS[1:])]
BY_ALICE = [change(action, ALICE, user) for action, user in product((INVITE, LEAVE, BAN), USERS[1:])]

WELL_FORMED = [*CHANGES, *(8 * ON_THEMSELVES), *(12 * BY_ALICE), *OTHER_SHAPES, *SETTINGS, *MESSAGES]

OPENINGS: list[list[JSON]] = [
    [],
    joined(BOB, CAROL),
    [
        join_rule("knock"),
        change(KNOCK, BOB),
        change(KNOCK, BOB),
        change(INVITE, ALICE, BOB),
        change(JOIN, BOB),
        change(KNOCK, DAN),
    ],
    [join_rule("public"), change(JOIN, BOB), change(JOIN, CAROL), change(JOIN, DAN)],
    [
        *joined(BOB, CAROL),
        join_rule("knock"),
        role(*DEFINITIONS[0]),
        role(*DEFINITIONS[3]),
        role(*DEFINITIONS[5]),
        role_map(*MAPS[1]),
    ],
    [
        *joined(BOB, CAROL),
        join_rule("knock"),
        role(*DEFINITIONS[0]),
        role(*DEFINITIONS[2]),
        role(*DEFINITIONS[6]),
        role_map(*MAPS[2]),
    ],
]


def histories(*, malformed: bool = True) -> st.SearchStrategy[list[JSON]]:
    """Histories of a room that Alice has just created."""
    pool = [*WELL_FORMED, *MALFORMED] if malformed else WELL_FORMED
    # Lists left to themselves stay short: draw the length first.
    rest = st.integers(0, 60).flatmap(lambda length: st.lists(st.sampled_from(pool), min_size=length, max_size=length))
    return st.builds(lambda opening, events: [*opening, *events], st.sampled_from(OPENINGS), rest)
