"""A family is checked when it is made: every part that is missing or does not fit is named in one line."""

# ruff: noqa: ARG002, ARG005 - rooms that do not fit take what rooms take

from dataclasses import make_dataclass, replace
from typing import Any, cast

import pytest

from fsm import DefinitionError, Domain, Family, Guard, Policy, Step, Syntax, about, law, room_law
from fsm.errors import EventError
from fsm.event import read_event
from fsm.facts import ROOM as ROOM_FACT
from fsm.policies import family_of, laws_of, load_policy, new_room, room_from_state, scenario_of, syntax_of
from fsm.scenario import Opening, Trial
from fsm.syntax_room import SyntaxRoom
from tests.cli.runner import ROOT

MUC: Policy[Any] = load_policy(f"{ROOT}/examples/muc/policies.py:AFFILIATIONS")
FAMILY: Any = family_of(MUC)
ROOM: Any = FAMILY.room
A, B = "romeo@montague.example", "juliet@capulet.example"
CREATE = {"type": "muc.create", "sender": A, "state_key": "", "content": {}}
CONFIG = {"type": "muc.config", "sender": A, "state_key": "", "content": {}}


def room_with(**members: Any) -> Any:
    """The class of rooms with other members; those that are None are gone."""
    kept = {
        name: getattr(ROOM, name)
        for name in ("decide", "send", "take", "participations", "facts_of", "remember", "policy")
    }
    kept |= {name: staticmethod(getattr(ROOM, name)) for name in ("from_state", "room_of")}
    kept["__init__"] = lambda self, room_id=None, *, policy: None
    return type("Odd", (), {name: value for name, value in {**kept, **members}.items() if value is not None})


def room_class(**members: Any) -> Any:
    """The class of rooms of multi-user chat, with other members."""
    return type("Odd", (ROOM,), members)


DANCE = {"type": "muc.affiliation", "sender": A, "state_key": B, "content": {"action": "dance"}}


class Broken(ROOM):  # type: ignore[misc]
    def send(self, event: Any) -> Any:
        raise KeyError("gone")


class Chatty(ROOM):  # type: ignore[misc]
    def send(self, event: Any) -> Any:
        return "yes"


class Shut(ROOM):  # type: ignore[misc]
    def refusal(self, event: Any) -> str:
        return "never"

    def facts_between(self, sender: str, target: str) -> Any:
        return {}


@law("Kicks take power", clause="1")
def kick_takes_power(_: str, facts: Any, __: Any) -> bool:
    return bool(facts.may_kick)


@law("Bans take rank", clause="2", reads=("outranks_for_ban",))
def ban_takes_rank(_: str, facts: Any, __: Any) -> bool:
    return bool(facts.outranks_for_ban)


@law("It forgets to answer", clause="3")
def forgets_to_answer(_: str, facts: Any, __: Any) -> Any:
    assert facts.role


@room_law("There are roles", source="4")
def looks_for_roles(step: Step) -> bool:
    return bool(step.after.seen.roles)


@room_law("It says nothing", source="5")
def says_nothing(step: Step) -> Any:
    assert step.event


# fmt: off
FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"id": ""},                                     "family ``: the part `id` is missing"),
    ({"policies": ()},                               "family `muc`: the part `policies` is missing"),
    ({"policies": [MUC]},                            "family `muc`: the part `policies` must be a tuple, not list"),
    ({"policies": (MUC, "muc")},                     "family `muc`: `policies` holds 'muc', which is no policy"),
    ({"room": None},                                 "family `muc`: the part `room` is missing"),
    ({"room": ROOM(policy=MUC)},                     "family `muc`: the part `room` must be a class, not MucRoom"),
    ({"syntax": None},                               "family `muc`: the part `syntax` is missing"),
    ({"syntax": {"title": "XMPP"}},                  "family `muc`: the part `syntax` must be a Syntax, not dict"),
    ({"scenario": None},                             "family `muc`: the part `scenario` is missing"),
    ({"scenario": 3},                                "family `muc`: the part `scenario` must be a Scenario, not int"),
    ({"laws": None},                                 "family `muc`: the part `laws` is missing"),
    ({"laws": (len,)},                               "family `muc`: `laws` holds <built-in function len>, which has no `id`"),
    ({"words": None},                                "family `muc`: the part `words` is missing"),
    ({"room": room_with(send=None)},                 "family `muc`: the class of its rooms has no `send`"),
    ({"room": room_with(room_of=None)},              "family `muc`: the class of its rooms has no `room_of`"),
    ({"room": room_with(policy=None)},               "family `muc`: the class of its rooms has no `policy`"),
    ({"room": room_with(__init__=lambda self: None)}, "family `muc`: the class of its rooms cannot be made from a room id and `policy=`"),
    ({"room": room_with(from_state=staticmethod(lambda state: None))}, "family `muc`: `from_state` of its rooms does not take (state, policy=)"),
    ({"room": room_with(decide=lambda self: None)},  "family `muc`: `decide` of its rooms does not take (event)"),
    ({"room": Broken},                               "family `muc`: its rooms fail at opening `Romeo has created the room`: KeyError: 'gone'"),
    ({"room": Chatty},                               "family `muc`: `send` of its rooms answers str"),
    ({"room": Shut},                                 "family `muc`: policy `muc` refuses an event of opening `Juliet is admin`"),
    ({"syntax": replace(FAMILY.syntax, facts={"mood": "content.mood"})}, "family `muc`: `syntax` reads the fact `mood`, which policy `muc` does not have"),
    ({"syntax": replace(FAMILY.syntax, facts={"role": "content.role"})}, "family `muc`: `syntax` reads the fact `role`, which policy `muc` has about no event"),
    ({"syntax": replace(FAMILY.syntax)},             "family `muc`: its rooms read by another syntax than the part `syntax`"),
    ({"room": room_class(from_state=classmethod(lambda cls, state, *, policy: None))}, "family `muc`: `from_state` of its rooms gives NoneType, which is no room of policy `muc`"),
    ({"room": room_class(room_of=staticmethod(lambda event: 3))}, "family `muc`: `room_of` of its rooms gives int, not the id of a room"),
    ({"room": room_class(creator_state=3)},          "family `muc`: its rooms put `romeo@montague.example` in `3`, which is no state of policy `muc`"),
    ({"room": room_class(facts_between=lambda self, a, b: {"role": "king"})}, "family `muc`: its rooms fail at opening `Juliet is admin`: `king` is no value of `role`: choose from moderator, participant, visitor, none"),
    ({"room": room_class(facts_of=lambda self, event: None)}, "family `muc`: `facts_of` of its rooms gives NoneType, not the facts of policy `muc`"),
    ({"room": room_class(decide=lambda self, event: None)}, "family `muc`: `decide` of its rooms answers NoneType"),
    ({"policies": (MUC, MUC)},                       "family `muc`: `policies` has the id `muc` more than once"),
    ({"policies": (MUC, MUC.evolve("x", family="y"))}, "family `muc`: `policies` holds `x`, which is of another family"),
    ({"laws": FAMILY.laws * 2},                      "family `muc`: `laws` has the id `an-owner-remains` more than once"),
    ({"words": {"set": 3}},                          "family `muc`: `words` says of 'set' what is no text"),
    ({"words": {"set": "put", "kick": "throw out"}}, "family `muc`: `words` says what people call `kick`, which no policy of the family has"),
    ({"laws": (kick_takes_power,)},                  "family `muc`: law `kick-takes-power` does not fit: AttributeError: 'MucFacts' object has no attribute 'may_kick'"),
    ({"laws": (ban_takes_rank,)},                    "family `muc`: the law `ban-takes-rank` looks at `outranks_for_ban`, which no policy of the family has"),
    ({"laws": (forgets_to_answer,)},                 "family `muc`: law `forgets-to-answer` does not fit: law `forgets-to-answer` answers None, not true or false"),
    ({"laws": (looks_for_roles,)},                   "family `muc`: law `looks-for-roles` does not fit: AttributeError: 'NoneType' object has no attribute 'roles'"),
    ({"laws": (says_nothing,)},                      "family `muc`: law `says-nothing` does not fit: law `says-nothing` answers None, not true or false"),
    ({"room": room_class(refusal=lambda self, event: None)}, "family `muc`: its rooms fail at opening `Juliet is admin`: policy `muc`: `refusal` must answer a text, which is empty where the event may be sent, not NoneType"),
    ({"room": room_class(refusal=lambda self, event: "" if event.state_key is not None else None)}, "family `muc`: its rooms cannot judge other events: policy `muc`: `refusal` must answer a text, which is empty where the event may be sent, not NoneType"),
    ({"room": room_class(facts_between=lambda self, a, b: None)}, "family `muc`: its rooms fail at opening `Juliet is admin`: policy `muc`: `facts_between` must answer facts by name, not NoneType"),
    ({"room": room_class(facts_between=lambda self, a, b: {"membersinvite": True})}, "family `muc`: `facts_between` of its rooms tells `membersinvite`, which no policy of the family has"),
    ({"codec": object()},                            "family `muc`: the part `codec` has no `encode`"),
    ({"repairs": 3},                                 "family `muc`: the part `repairs` must be a function, not int"),
    ({"columns": 3},                                 "family `muc`: the part `columns` must be a function, not int"),
    *(({"scenario": replace(FAMILY.scenario, **{part: logs})}, f"family `muc`: its rooms fail at {part} 1 of `scenario`: `content.action`: `dance` is not one of invite, register, set")
      for part, logs in {
          **dict.fromkeys(("moves", "attempts"), (DANCE,)), **dict.fromkeys(("corner_cases", "compared"), ((DANCE,),)), "trials": (Trial((CREATE,), (DANCE,)),),
      }.items()),
    ({"syntax": replace(FAMILY.syntax, users="^[a-z]+@m")}, "family `muc`: `scenario` has the user `juliet@capulet.example`, who is none by `syntax`"),
    ({"scenario": replace(FAMILY.scenario, settings={"odd": {**CONFIG, "sender": B}})}, "family `muc`: policy `muc` refuses setting 1 after the first opening"),
    ({"scenario": replace(FAMILY.scenario, assignments=(({**CONFIG, "type": "muc.odd"},),))}, "family `muc`: policy `muc` refuses assignment 1 after the first opening"),
]
# fmt: on


@pytest.mark.parametrize(("changes", "words"), FAULTS)
def test_what_is_missing_or_does_not_fit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        replace(FAMILY, **changes)
    assert str(problem.value) == words


@pytest.mark.parametrize("part", ["policies", "room", "syntax", "scenario", "laws", "words"])
def test_a_part_that_nobody_gave(part: str) -> None:
    parts = {name: getattr(FAMILY, name) for name in ("policies", "room", "syntax", "scenario", "laws", "words")}
    del parts[part]
    with pytest.raises(DefinitionError, match=f"^family `own`: the part `{part}` is missing$"):
        Family("own", **parts)


# fmt: off
SYNTAXES: list[tuple[dict[str, Any], str]] = [
    ({"changes": ()},                     "syntax: `changes` must name at least one event type"),
    ({"changes": ("",)},                  "syntax: `changes` must name at least one event type"),
    ({"action": ""},                      "syntax: `` is no path to what an event may hold"),
    ({"action": "action"},                "syntax: `action` is no path to what an event may hold"),
    ({"action": "content..x"},            "syntax: `content..x` is no path to what an event may hold"),
    ({"target": "sender"},                "syntax: `sender` is no path to what an event may hold"),
    ({"facts": {"x": 3}},                 "syntax: `3` is no path to what an event may hold"),
    ({"optional": {"content.x": "any"}},  "syntax: `content.x` can hold text, name, never, not 'any'"),
    ({"title": 3},                        "syntax: `title` must be a str, not int"),
    ({"changes": "muc.affiliation"},      "syntax: `changes` must be a tuple, not str"),
    ({"facts": ["x"]},                    "syntax: `facts` must be a Mapping, not list"),
    ({"creation": 3},                     "syntax: `creation` must be a str or None, not int"),
    ({"shapes": "lines"},                 "syntax: `shapes` must be a Shapes or None, not str"),
    ({"target": "content.action"},        "syntax: `content.action` and `content.action` are in the same place"),
    ({"reason": "content.action.why"},    "syntax: `content.action` and `content.action.why` are in the same place"),
    ({"users": "("},                      "syntax: `users` is no pattern: missing ), unterminated subpattern at position 0"),
]
SCENARIOS: list[tuple[dict[str, Any], str]] = [
    ({"users": {A: "Romeo"}},                              "scenario: `users` must be at least 3, not 1"),
    ({"strangers": (A, B)},                                "scenario: `strangers` must be two users who are not among `users`"),
    ({"openings": {}},                                     "scenario: there is no way in which a room begins: `openings` is empty"),
    ({"openings": {"begun": (CREATE,)}},                   "scenario: opening `begun` is no `Opening` with events, and roles of its users"),
    ({"openings": {"begun": Opening(())}},                 "scenario: opening `begun` is no `Opening` with events, and roles of its users"),
    ({"openings": {"begun": Opening((CREATE,), {"x": "y"})}}, "scenario: opening `begun` is no `Opening` with events, and roles of its users"),
    ({"settings": {"said": {"type": "x", "sender": A, "content": {}}}}, "scenario: setting `said` is no state event"),
    ({"users": [A, B, "x"]},                               "scenario: `users` must be a Mapping, not list"),
    ({"strangers": ("x",)},                                "scenario: `strangers` must be two users who are not among `users`"),
    ({"openings": []},                                     "scenario: `openings` must be a Mapping, not list"),
    ({"openings": {"begun": Opening(cast("Any", [CREATE]))}},           "scenario: opening `begun` is no `Opening` with events, and roles of its users"),
    ({"settings": {"said": 3}},                            "scenario: setting `said` is no state event"),
    ({"assignments": None},                                "scenario: `assignments` must be a tuple, not NoneType"),
    ({"attempts": (3,)},                                   "scenario: `attempts` must be a tuple of events"),
    ({"room_id": 3},                                       "scenario: `room_id` must be a str, not int"),
    ({"stranger_role": 3},                                 "scenario: `stranger_role` must be a str, not int"),
    ({"assignments": (CREATE,)},                           "scenario: `assignments` are tuples of events, none empty"),
]
# fmt: on


@pytest.mark.parametrize(("changes", "words"), SYNTAXES)
def test_a_syntax_that_is_none(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        replace(FAMILY.syntax, **changes)
    assert str(problem.value) == words


@pytest.mark.parametrize(("changes", "words"), SCENARIOS)
def test_a_scenario_that_is_none(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        replace(FAMILY.scenario, **changes)
    assert str(problem.value) == words


NESTED = Syntax(
    title="Nested",
    changes=("iq.set", "iq"),
    action="content.query.do",
    target="content.query.item.jid",
    destination="content.query.item.affiliation",
    reason="content.query.item.reason",
)


@pytest.mark.walk
@pytest.mark.parametrize("syntax", [FAMILY.syntax, NESTED])
def test_what_is_written_is_read(syntax: Syntax) -> None:
    for action in MUC.triggers:
        for told in syntax.forms(MUC, action):
            event = syntax.write(MUC, action, A, B, **told)
            read_event(event)
            change = syntax.read(event, MUC)
            assert change is not None
            assert (change.action, change.sender, change.target, change.facts) == (action.value, A, B, told)
            assert change.dest == told["wanted"]
            assert (syntax.action_of(event), syntax.target_of(event)) == (action.value, B)


# fmt: off
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({},                                                    "`content.action`: is missing"),
    ({"action": 3},                                         "`content.action`: must be a string, not a number"),
    ({"action": "dance"},                                   "`content.action`: `dance` is not one of invite, register, set"),
    ({"action": "set"},                                     "`content.affiliation`: is missing"),
    ({"action": "set", "affiliation": "king"},              "`content.affiliation`: `king` is not one of owner, admin, member, none, outcast"),
    ({"action": "set", "affiliation": ["owner"]},           "`content.affiliation`: an array is not one of owner, admin, member, none, outcast"),
    ({"action": "set", "affiliation": True},                "`content.affiliation`: true or false is not one of owner, admin, member, none, outcast"),
    ({"action": "register", "affiliation": "owner"},        "`content.affiliation`: `owner` is not one of member"),
    ({"action": "set", "affiliation": "none", "reason": 1}, "`content.reason`: must be a string, not a number"),
]
# fmt: on


@pytest.mark.parametrize(("content", "words"), MALFORMED)
def test_malformed_changes(content: dict[str, Any], words: str) -> None:
    room = new_room(MUC)
    room.send(CREATE)
    event = {"type": "muc.affiliation", "sender": A, "state_key": B, "content": content}
    for ask in (room.decide, room.send, room.take):
        with pytest.raises(EventError) as problem:
            ask(event)
        assert str(problem.value) == words
    with pytest.raises(EventError) as problem:
        room_from_state(MUC, [CREATE, event])
    assert str(problem.value) == words.replace("`content", "`state[1].content", 1)
    assert room.participations() == {A: MUC.states[0]}


def change(sender: str, target: str, wanted: str, **more: Any) -> dict[str, Any]:
    content = {"action": "set", "affiliation": wanted}
    return {"type": "muc.affiliation", "sender": sender, "state_key": target, "content": content, **more}


def test_what_an_action_always_asks_for_need_not_be_said() -> None:
    event = {"type": "muc.affiliation", "sender": B, "state_key": B, "content": {"action": "register"}}
    assert new_room(MUC).facts_of(event).wanted == "member"


def test_an_id_is_one_event() -> None:
    room = new_room(MUC)
    room.send(CREATE)
    first = room.send(change(A, B, "admin", event_id="$1"))
    assert room.send(change(A, B, "owner")).allowed
    assert room.send(change(A, B, "admin", event_id="$1")) == first
    assert room.participations()[B] == "owner"  # nothing is applied twice
    with pytest.raises(EventError, match="is the id of another event"):
        room.send(change(A, B, "member", event_id="$1"))
    room.take(change(A, B, "none", event_id="$2"))
    room.take(change(A, B, "none", event_id="$2"))
    assert B not in room.participations()


def test_a_state_in_any_order() -> None:
    state: list[object] = [change(A, B, "admin"), change(B, A, "member"), CREATE]
    assert room_from_state(MUC, state).participations() == {A: "member", B: "admin"}
    with pytest.raises(EventError, match="is a second `muc"):
        room_from_state(MUC, [*state, change(A, B, "none")])
    with pytest.raises(EventError, match="is missing: this is no state event"):
        room_from_state(MUC, [{"type": "x", "sender": A, "content": {}}])


class Listed(SyntaxRoom):
    """Targets stand in the content, and events have no state key."""

    syntax = NESTED
    creator_state = MUC.states[0]

    def facts_between(self, sender: str, target: str) -> dict[str, Any]:
        return {}


def test_targets_in_the_content() -> None:
    room = Listed(policy=MUC)
    room.take(NESTED.write(MUC, "set", A, A, wanted=MUC.states[0]))
    assert room.send(NESTED.write(MUC, "set", A, B, wanted=MUC.states[1])).transition == "appoint"
    assert room.participations() == {A: "owner", B: "admin"}
    state = [NESTED.write(MUC, "set", A, A, wanted=MUC.states[0]), NESTED.write(MUC, "set", A, B, wanted=MUC.states[1])]
    assert Listed.from_state(state, policy=MUC).participations() == room.participations()
    with pytest.raises(NotImplementedError):
        SyntaxRoom(policy=MUC).facts_between(A, B)


FOREIGN = [
    ("no.such.module:THING", "cannot be loaded: ModuleNotFoundError"),
    ("fsm.errors:PolicyError", "is no family but type"),
    ("fsm.errors:NOTHING", "cannot be loaded: AttributeError"),
]


@pytest.mark.parametrize(("family", "words"), FOREIGN)
def test_a_family_that_is_none(family: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        new_room(MUC.evolve("own", family=family))


def test_a_family_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def load(self) -> Family:
            return FAMILY  # type: ignore[no-any-return]

    found = {"xmpp": [Entry()]}
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group, name: found[name] if group == "fsm.families" else []
    )
    assert isinstance(new_room(MUC.evolve("own", family="xmpp")), ROOM)


def test_a_policy_may_look_at_what_its_rooms_tell_only() -> None:
    assert new_room(MUC.evolve("less", drop=["ban"])).policy.id == "less"
    mood: Any = make_dataclass(
        "Mood",
        [("is_merry", bool, about(ROOM_FACT, plain=False))],
        bases=(MUC.domain.record,),
        frozen=True,
        slots=True,
        kw_only=True,
    )
    merry = Guard(is_merry, "all are merry", "nobody is merry")
    row = replace(MUC.transitions[0], guards=(*MUC.transitions[0].guards, merry))
    with pytest.raises(DefinitionError, match="looks at `is_merry`, which no room of its family `muc` works out"):
        new_room(MUC.evolve("merry", domain=Domain(mood), replace=[row]))


def is_merry(facts: Any) -> bool:
    return bool(facts.is_merry)


# Parts that are functions of the policy.


def failing(_: Any) -> Any:
    raise KeyError("gone")


# fmt: off
FUNCTIONS: list[tuple[str, Any, str]] = [
    ("syntax",   lambda _: 3,      "family `muc`: the part `syntax` must give a Syntax, not int"),
    ("scenario", lambda _: "",     "family `muc`: the part `scenario` must give a Scenario, not str"),
    ("laws",     lambda _: [],     "family `muc`: the part `laws` must give a tuple, not list"),
    ("laws",     lambda _: (len,), "family `muc`: `laws` holds <built-in function len>, which has no `id`"),
    ("words",    lambda _: None,   "family `muc`: the part `words` must give a Mapping, not NoneType"),
    ("syntax",   failing,          "family `muc`: the part `syntax` fails: KeyError: 'gone'"),
    ("scenario", failing,          "family `muc`: the part `scenario` fails: KeyError: 'gone'"),
]
# fmt: on


@pytest.mark.parametrize(("part", "function", "words"), FUNCTIONS)
def test_a_function_that_gives_no_such_part(part: str, function: Any, words: str) -> None:
    family = replace(FAMILY, **{part: function})
    for _ in range(2):
        with pytest.raises(DefinitionError) as problem:
            getattr(family, f"{part}_of")(MUC)
        assert str(problem.value) == words


def test_functions_are_asked_once_for_each_policy() -> None:
    asked: list[Any] = []

    def scenario(policy: Any) -> Any:
        asked.append(policy)
        return FAMILY.scenario

    family = replace(FAMILY, syntax=lambda _: FAMILY.syntax, scenario=scenario, codec=lambda _: "a codec")
    for policy in (MUC, MUC, MUC.evolve("other")):
        family.check(policy)
    assert [policy.id for policy in asked] == ["muc", "other"]
    assert family.codec_of(None) == "a codec"
    assert (family.words_of(MUC), family.laws_of(MUC)) == (FAMILY.words, FAMILY.laws)
    shut = replace(family, room=Shut)
    with pytest.raises(DefinitionError, match="policy `muc` refuses an event of opening `Juliet is admin`"):
        shut.check(MUC)


@pytest.mark.parametrize("policy", ["mimi", "mimi-00", "mimi-01", "matrix-1", "matrix-12"])
def test_families_that_are_shipped_fit(policy: str) -> None:
    known = load_policy(policy)
    family = family_of(known)
    assert family is not None
    family.check(known)
    assert known in family.policies


def test_without_a_scenario_there_are_no_rooms_to_look_in() -> None:
    family = replace(FAMILY, scenario=lambda _: None)
    assert family.scenario_of(MUC) is None
    family.check(MUC)
    odd = MUC.evolve("odd", family="fsm.render")  # a package without a family
    assert (scenario_of(odd), laws_of(odd)) == (None, ())
    for use in (syntax_of, new_room):
        with pytest.raises(DefinitionError, match=r"^policy `odd`: there is no family `fsm\.render`$"):
            use(odd)


# fmt: off
TRIALS: list[tuple[dict[str, Any], str]] = [
    ({"trials": (CREATE,)},         "scenario: `trials` must be a tuple of `Trial`, each with events"),
    ({"variants": 3},               "scenario: `variants` is no function"),
    ({"view": "states"},            "scenario: `view` is no function"),
    ({"compared": ((),)},           "scenario: `compared` are tuples of events, none empty"),
]
# fmt: on


@pytest.mark.parametrize(("changes", "words"), TRIALS)
def test_a_scenario_whose_further_parts_do_not_fit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        replace(FAMILY.scenario, **changes)
    assert str(problem.value) == words
