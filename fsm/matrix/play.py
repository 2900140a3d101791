"""Small Matrix rooms to try policies in: who plays, what power they have, what an event may bring along.

Theory of operation. The tools look for the shortest log that brings about given facts,
and know nothing of Matrix: a `Play` gives them the events. *Turns*, one event each,
decide where everybody stands and which join rule is in force. A *casting* is an event
that deals power. What else a question can be, the creator's first join, a join that
somebody authorises or a third-party invite, is a form of asking it.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import permutations, product
from types import MappingProxyType
from typing import Any, TypeAlias

from fsm.errors import DefinitionError, needs
from fsm.event import Event, read_event, write_state
from fsm.matrix.events import AUTHORISER, MEMBER, TOKEN
from fsm.matrix.facts import MatrixFacts
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.room import MatrixRoom
from fsm.matrix.settings import CREATE, JOIN_RULES, POWER_LEVELS, THIRD_PARTY_INVITE, Founder, Reign
from fsm.scenario import Log
from fsm.terms import Action, JoinRule

JSON: TypeAlias = dict[str, Any]

ALICE, BOB, CAROL = "@alice:a.example", "@bob:b.example", "@carol:c.example"
"""Alice creates the room."""

_CREATION, _ROOM = "$create", "!create"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Play:
    """The events that rooms of a room version are built from."""

    users = (ALICE, BOB, CAROL)

    goes_on = False
    """Power is not judged, so that turns after a casting lead nowhere else than those before it."""

    def __init__(self, policy: MatrixPolicy) -> None:
        self._policy = MatrixPolicy.for_rooms(policy)
        self._events: dict[int, tuple[Mapping[str, Any], Event]] = {}
        self._facts: dict[tuple[Action, Action, int], MatrixFacts] = {}
        self._questions: dict[str, Log] = {}  # signing some of them takes long

    @cached_property
    def openings(self) -> tuple[Log, ...]:
        """The ways in which a room begins: with nothing else, with third-party invites, with Bob above the creator."""
        create = self._create()
        promises = (_state(THIRD_PARTY_INVITE, _PROMISE, _token(user), user) for user in self.users)
        return (
            (create,),
            (create, *promises),
            (create, _state(POWER_LEVELS, {"users": {BOB: 100}})),
        )

    @cached_property
    def gatherings(self) -> tuple[Log, ...]:
        """A room of Alice and Bob; and, where a creation names its creator, one by Alice that names Bob."""
        create = self._create()
        alice, bob = (_member(Action.JOIN, user, user) for user in (ALICE, BOB))
        met = (create, alice, _state(JOIN_RULES, {"join_rule": JoinRule.PUBLIC.value}), bob)
        if self._policy.founder is not Founder.CONTENT:
            return (met,)
        return (met, ({**create, "content": {**create["content"], "creator": BOB}},))

    @cached_property
    def turns(self) -> Log:
        """Every event that moves somebody, and every choice of a join rule."""
        words = [action for action in Action if action in self._policy.triggers]
        moves = (
            _member(action, sender, target) for sender, target in product(self.users, repeat=2) for action in words
        )
        rules = (_state(JOIN_RULES, {"join_rule": rule.value}) for rule in JoinRule)
        # Before the same without `prev_events`, of which only a room that has seen all knows that it comes first.
        first = {**_member(Action.JOIN, ALICE, ALICE), "prev_events": [_CREATION]}
        return (first, *moves, *rules)

    @cached_property
    def castings(self) -> tuple[Log, ...]:
        """The ways to deal power by which a sender and a target come to stand to each other as wanted."""
        return tuple((event,) for pair in permutations(self.users, 2) for event in self._deal(*pair))

    @cached_property
    def riddles(self) -> tuple[Log, ...]:
        """Rooms in which power levels are easily misread, with Alice and Bob in them."""
        company = (
            self._create(),
            _member(Action.JOIN, ALICE, ALICE),
            _member(Action.INVITE, ALICE, BOB),
            _member(Action.JOIN, BOB, BOB),
        )
        dealt = ({**levels, "users": {**self._alice(100), **users}} for levels, users in _RIDDLES)
        return (company, *((*company, _state(POWER_LEVELS, levels)) for levels in dealt))

    def questions(self, action: str) -> Log:
        """Every form in which the action can be asked for, each by one event.

        Raises `DefinitionError` where the library is missing that signs some of them: without these, whoever
        looks for all that can be asked would find less.
        """
        return self._questions.get(action) or self._questions.setdefault(action, self._ask(action))

    def _ask(self, action: str) -> Log:
        pairs = tuple(product(self.users, repeat=2))
        asked = [_member(action, sender, target) for sender, target in pairs]
        if action == Action.JOIN:
            vouched = [{AUTHORISER: user} for user in self.users]
            asked += [_member(action, sender, target, content) for sender, target in pairs for content in vouched]
            asked += [{**join, "prev_events": [_CREATION]} for join in asked if join["state_key"] == ALICE]
        if action == Action.INVITE:
            asked += [
                _member(action, sender, target, content)
                for sender, target in pairs
                for content in self._tokens(sender, target)
            ]
        return tuple(asked)

    def facts(self, room: MatrixRoom, question: Mapping[str, Any]) -> MatrixFacts:
        """The facts under which the room would judge a question."""
        _, target, sender, code = room._key(self._read(question), question, None)  # noqa: SLF001 - of the same family
        known = self._facts.get((target, sender, code))
        if known is None:
            known = self._policy.domain.unpack(code, target=target, sender=sender)
            self._facts[target, sender, code] = known
        return known

    def _read(self, question: Mapping[str, Any]) -> Event:
        """The question as an event: the same few are asked in thousands of rooms."""
        known = self._events.get(id(question))
        if known is None or known[0] is not question:
            known = self._events[id(question)] = question, read_event(question)
        return known[1]

    def _create(self) -> JSON:
        creator = {"creator": ALICE} if self._policy.founder is Founder.CONTENT else {}
        creation = _state(CREATE, {"room_version": self._policy.version, **creator})
        if self._policy.is_room_named_by_creation:
            del creation["room_id"]
        return {**creation, "event_id": _CREATION}

    def _deal(self, sender: str, target: str) -> Iterator[JSON]:
        """Deal power so that `sender` may any subset, and outranks `target` or not; somebody else may all."""
        for outranks, *may in product((False, True), repeat=4):
            powers = {**dict.fromkeys(self.users, 100), sender: 50, target: 0 if outranks else 50}
            needed = {word: 50 if granted else 75 for word, granted in zip(("invite", "kick", "ban"), may, strict=True)}
            others = {user: power for user, power in powers.items() if user != ALICE}
            yield _state(POWER_LEVELS, {"users": {**self._alice(powers[ALICE]), **others}, **needed})

    def _alice(self, power: int) -> JSON:
        """Her power level, where a creator can have one."""
        return {} if self._policy.reign is Reign.SUPREME else {ALICE: power}

    def _tokens(self, sender: str, target: str) -> Iterator[JSON]:
        """Third-party invites, with each fault that there can be, and with none."""
        another = next(user for user in self.users if user != sender)
        token = {"mxid": target, "token": _token(sender)}
        told: list[JSON] = [
            {"token": _token(sender)},
            {**token, "mxid": "@somebody:x.example"},
            {**token, "token": "unheard of"},
            {**token, "token": _token(another)},
            token,
            _signed(token),
        ]
        yield from ({TOKEN: {"signed": signed}} for signed in told)


_RIDDLES: tuple[tuple[JSON, JSON], ...] = (
    # Above is not only not below; and what is not told takes 50, but for invites.
    ({}, {BOB: 50}),
    # Who is not named has the default level.
    ({"users_default": 50}, {}),
    # What is told is no longer what it is by default.
    ({"invite": 51, "kick": 49, "ban": 51}, {BOB: 50}),
)
"""Levels that things take, and those of users beside Alice."""


def _member(action: str, sender: str, target: str, content: Mapping[str, Any] = _NOTHING) -> JSON:
    return _state(MEMBER, {"membership": str(action), **content}, target, sender)


def _state(event_type: str, content: JSON, state_key: str = "", sender: str = ALICE) -> JSON:
    return {"type": event_type, "room_id": _ROOM, **write_state(event_type, sender, content, state_key)}


def _token(user: str) -> str:
    """The third-party invite that a user has sent."""
    return f"by {user}"


_SEED = "A" * 43  # 32 bytes of nothing, which anybody may know
_PROMISE = {"public_key": "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"}


def _signed(token: JSON) -> JSON:
    try:
        from signedjson.key import decode_signing_key_base64  # noqa: PLC0415 - an extra, and heavy
        from signedjson.sign import sign_json  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        problem = needs("a third-party invite of a Matrix room", missing.name, "matrix")
        raise DefinitionError(problem) from None
    signed: JSON = sign_json({**token}, "identity.example", decode_signing_key_base64("ed25519", "0", _SEED))
    return signed
