"""A family of policies: all that the tools need to know of a protocol, as one value.

| part | is |
| --- | --- |
| `id` | what the family is called |
| `policies` | its policies, of which the first is tried when the family is loaded |
| `room` | the class of its rooms (see `AnyRoom`, and `fsm.syntax_room` for one that is nearly whole) |
| `syntax` | how changes are written and read (`fsm.syntax`) |
| `scenario` | small rooms to try policies in (`fsm.scenario`) |
| `laws` | what must hold in every case and every room (`fsm.review.laws`, `fsm.review.laws.room_laws`) |
| `words` | by word of the protocol, such as an action: what people call it |
| `codec` | its wire format (`Codec`), if it has one |
| `repairs` | a function that gives what mends its policies (`fsm.policy_law.Repairs`), if anything does |
| `columns` | columnar replay that is quicker than to ask its rooms (`fsm.columns.AnyColumns`), if it has any |

Where policies differ in a part from `syntax` on, or loading it takes long, it is a function of
the policy, called when it is first asked for. That of `scenario` may give None: there are no
rooms to try such a policy in.

A policy names its family as `module:NAME`; by its id where the family is an entry point of the
group `fsm.families`; or as the package whose module `family` has it as `FAMILY`. The tools
reach families through `fsm.policies` only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol, cast

from fsm.decision import Decision
from fsm.errors import DefinitionError, EventError, PolicyError, shorten
from fsm.event import read_event
from fsm.facts import EVENT, spell
from fsm.policy import AnyPolicy, Asked, Policy

if TYPE_CHECKING:
    from fsm.columns import AnyColumns
    from fsm.policy_law import Repairs
    from fsm.scenario import Log, Scenario, Settings
    from fsm.syntax import Syntax

__all__ = ["AnyPolicy", "AnyRoom", "Codec", "Family"]


class AnyRoom(Protocol):
    """What the tools ask of a room, whatever its family."""

    @property
    def policy(self) -> AnyPolicy:
        """The policy that judges its events."""

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why."""

    def decide_citing(self, event: Mapping[str, Any], others: Sequence[object]) -> Decision:
        """The same; `others` are events that this one may cite beside those of the state."""

    def policy_for(self, event: Mapping[str, Any]) -> AnyPolicy:
        """The policy by which the event is judged."""

    def send(self, event: Mapping[str, Any]) -> Decision:
        """Decide, and apply the event when it is allowed."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands."""

    def note(self, event: Mapping[str, Any]) -> None:
        """Keep a message that nobody judged."""

    def view(self, event: str | int, user: str) -> Decision:
        """Whether the user may be shown the event, named by its id or its position, and if not, why."""

    def remember(self) -> None:
        """Keep events without an id, too, each by its position."""

    @property
    def kept(self) -> int:
        """The number of events kept, which is the position of the next one."""

    def participations(self) -> dict[str, Any]:
        """Everybody who is not in the initial state."""

    def facts_of(self, event: Mapping[str, Any]) -> Any:
        """The facts by which a change is judged. Raises `EventError` for an event that is none."""


class Codec(Protocol):
    """What the tools ask of a family's wire format."""

    def encode(self, struct: str, value: object) -> bytes:
        """The bytes of a value. Raises `EventError`, `DefinitionError`."""

    def decode(self, struct: str, data: bytes) -> Any:
        """The value of these bytes. Raises `DecodeError`, `DefinitionError`."""


_PARTS = ("id", "policies", "room", "syntax", "scenario", "laws", "words")

_METHODS: Mapping[str, tuple[str, ...]] = {
    "from_state": ("state", "policy"),
    "room_of": ("event",),
    "decide": ("event",),
    "send": ("event",),
    "take": ("event",),
    "participations": (),
    "facts_of": ("event",),
    "remember": (),
}
"""What a class of rooms has to have, and how it is called: by place, and `policy` by name."""


_KINDS: Mapping[str, tuple[str, str]] = {
    "syntax": ("fsm.syntax", "Syntax"),
    "scenario": ("fsm.scenario", "Scenario"),
    "laws": ("builtins", "tuple"),
    "words": ("collections.abc", "Mapping"),
}
"""What the parts are that may be functions of the policy: types, each loaded when there is such a value."""


def _kind(name: str) -> type:
    module, kind = _KINDS[name]
    return cast("type", getattr(import_module(module), kind))


@dataclass(frozen=True, eq=False)
class Family:
    """A family of policies (see the module), checked when it is made.

    Raises `DefinitionError`, in one line, for a part that is missing or does not fit. A part that is a
    function is checked when it is first asked for.
    """

    id: str = ""
    policies: tuple[AnyPolicy, ...] = ()
    room: Any = None
    syntax: "Syntax | Callable[[Any], Syntax]" = field(default=None)  # type: ignore[assignment]  # what is missing is named below
    scenario: "Scenario | Callable[[Any], Scenario | None]" = field(default=None)  # type: ignore[assignment]
    laws: tuple[Any, ...] | Callable[[Any], tuple[Any, ...]] | None = None
    words: Mapping[str, str] | Callable[[Any], Mapping[str, str]] | None = None
    codec: "Codec | Callable[[Any], Codec] | None" = None
    repairs: "Callable[[], Repairs] | None" = None
    columns: "Callable[[Any], AnyColumns] | None" = None

    def __post_init__(self) -> None:
        """Check every part, and try them together."""
        self._refuse(self._faults())

    def syntax_of(self, policy: AnyPolicy) -> "Syntax":
        """How changes under one of its policies are written and read."""
        return cast("Syntax", self._part("syntax", policy))

    def scenario_of(self, policy: AnyPolicy) -> "Scenario | None":
        """Small rooms to try one of its policies in, if there are any."""
        return cast("Scenario | None", self._part("scenario", policy))

    def laws_of(self, policy: AnyPolicy) -> tuple[Any, ...]:
        """What must hold in every case and every room of one of its policies."""
        return cast("tuple[Any, ...]", self._part("laws", policy))

    def words_of(self, policy: AnyPolicy) -> Mapping[str, str]:
        """By word of the protocol: what people call it."""
        return cast("Mapping[str, str]", self._part("words", policy))

    def codec_of(self, policy: AnyPolicy | None) -> "Codec | None":
        """The wire format, if there is one. Without a policy it is that of all of them."""
        return self.codec(policy) if callable(self.codec) else self.codec

    def check(self, policy: AnyPolicy) -> None:
        """Try all parts together, in rooms of one of its policies. Raises `DefinitionError`."""
        syntax, scenario = self.syntax_of(policy), self.scenario_of(policy)
        if scenario is not None:
            self._refuse(self._faults_together(policy, syntax, scenario))

    def _refuse(self, faults: Iterable[str]) -> None:
        for problem in faults:
            raise DefinitionError(f"family `{shorten(str(self.id))}`: {problem}")

    def _part(self, name: str, policy: AnyPolicy) -> object:
        part = getattr(self, name)
        if not callable(part):
            return part
        known = policy.derived(_parts)
        if (self, name) not in known:
            given = self._tried(f"the part `{name}` fails", part, policy)
            kind = _kind(name)
            if not isinstance(given, kind) and (name, given) != ("scenario", None):
                self._refuse([f"the part `{name}` must give a {kind.__name__}, not {type(given).__name__}"])
            if name == "laws":
                self._refuse(self._faults_of_laws(given))
            if name == "words":
                self._refuse(self._faults_of_words(given, policy))
            known[self, name] = given
        return known[self, name]

    def _faults(self) -> Iterator[str]:
        for name in _PARTS:
            if getattr(self, name) in (None, "", ()) and name != "laws":
                yield f"the part `{name}` is missing"
        if self.laws is None:
            yield "the part `laws` is missing"
        values = {name: _kind(name) for name in _KINDS if not callable(getattr(self, name))}
        for name, kind in {"id": str, "policies": tuple, **values}.items():
            part = getattr(self, name)
            if not isinstance(part, kind):
                yield f"the part `{name}` must be a {kind.__name__}, not {type(part).__name__}"
        yield from self._faults_of_policies()
        yield from self._faults_of_optional_parts()
        yield from self._faults_of_laws(self.laws)
        yield from self._faults_of_words(self.words)
        yield from self._faults_of_room()
        if not callable(self.syntax) and not callable(self.scenario):
            yield from self._faults_together(self.policies[0], self.syntax, self.scenario)

    def _faults_of_policies(self) -> Iterator[str]:
        policies: tuple[object, ...] = self.policies
        for policy in policies:
            if not isinstance(policy, Policy):
                yield f"`policies` holds {shorten(repr(policy))}, which is no policy"
        others = [policy for policy in self.policies if policy.family != self.policies[0].family]
        if others:
            yield f"`policies` holds `{shorten(others[0].id)}`, which is of another family"
        ids = [policy.id for policy in self.policies]
        for name in sorted({name for name in ids if ids.count(name) > 1}):
            yield f"`policies` has the id `{shorten(name)}` more than once"

    def _faults_of_optional_parts(self) -> Iterator[str]:
        for name in ("repairs", "columns"):
            if getattr(self, name) is not None and not callable(getattr(self, name)):
                yield f"the part `{name}` must be a function, not {type(getattr(self, name)).__name__}"
        if self.codec is not None and not callable(self.codec):
            missing = [name for name in ("encode", "decode") if not callable(getattr(self.codec, name, None))]
            if missing:
                yield f"the part `codec` has no `{missing[0]}`"

    def _faults_of_laws(self, laws: Any) -> Iterator[str]:
        for law in laws if isinstance(laws, tuple) else ():
            missing = [name for name in ("id", "sentence", "test") if not hasattr(law, name)]
            if missing:
                yield f"`laws` holds {shorten(repr(law))}, which has no `{missing[0]}`"
        ids = [law.id for law in laws] if isinstance(laws, tuple) else []
        for name in sorted({name for name in ids if ids.count(name) > 1}):
            yield f"`laws` has the id `{shorten(name)}` more than once"

    def _faults_of_words(self, words: Any, *others: AnyPolicy) -> Iterator[str]:
        known = {word for policy in (*self.policies, *others) for word in _words_of(policy)}
        for word, text in words.items() if isinstance(words, Mapping) else ():
            if type(word) is not str or type(text) is not str or not text:
                yield f"`words` says of {shorten(repr(word))} what is no text"
            elif word not in known:
                yield f"`words` says what people call `{shorten(word)}`, which no policy of the family has"

    def _faults_of_room(self) -> Iterator[str]:
        if not isinstance(self.room, type):
            yield f"the part `room` must be a class, not {type(self.room).__name__}"
        if not _can_be_called(self.room, "room_id", "policy"):
            yield "the class of its rooms cannot be made from a room id and `policy=`"
        if not hasattr(self.room, "policy"):
            yield "the class of its rooms has no `policy`"
        for name, parameters in _METHODS.items():
            method = getattr(self.room, name, None)
            if not callable(method):
                yield f"the class of its rooms has no `{name}`"
            is_bound = name in ("from_state", "room_of")
            if not _can_be_called(method, *(() if is_bound else ("self",)), *parameters):
                taken = ", ".join("policy=" if each == "policy" else each for each in parameters)
                yield f"`{name}` of its rooms does not take ({taken})"

    def _faults_together(self, policy: AnyPolicy, syntax: "Syntax", scenario: "Scenario") -> Iterator[str]:
        yield from self._faults_of_syntax(policy, syntax, scenario)
        yield from self._faults_of_scenario(policy, scenario)
        yield from self._faults_of_reading(policy, syntax, scenario)
        if isinstance(self.laws, tuple):
            yield from self._faults_of_holding(policy, syntax, scenario, self.laws)

    def _faults_of_syntax(self, policy: AnyPolicy, syntax: "Syntax", scenario: "Scenario") -> Iterator[str]:
        for user in (*scenario.users, *scenario.strangers):
            if not syntax.is_user(user):
                yield f"`scenario` has the user `{shorten(user)}`, who is none by `syntax`"
        user, other, *_ = scenario.users
        for name in syntax.facts:
            if name not in policy.domain.values:
                yield f"`syntax` reads the fact `{shorten(name)}`, which policy `{policy.id}` does not have"
            elif policy.domain.about[name].subject is not EVENT:
                yield f"`syntax` reads the fact `{shorten(name)}`, which policy `{policy.id}` has about no event"
        for action in policy.triggers:
            event = self._tried(f"`syntax` cannot write `{action}`", syntax.write, policy, action, user, other)
            self._tried(f"`syntax` writes `{action}` as no event", read_event, event)
            change = self._tried(f"`syntax` cannot read `{action}`", syntax.read, event, policy)
            if change is None or (change.action, change.sender, change.target) != (action.value, user, other):
                yield f"`syntax` does not read `{action}` as it writes it: two paths are the same"
            elif change.dest is None and not _stays(policy, action):
                yield f"`syntax` does not tell where `{action}` leads: it has several destinations"

    def _faults_of_scenario(self, policy: AnyPolicy, scenario: "Scenario") -> Iterator[str]:
        for name, opening in scenario.openings.items():
            room = self._tried(f"its rooms fail at opening `{shorten(name)}`", self._play, policy, opening.log)
            if room is None:
                yield f"policy `{policy.id}` refuses an event of opening `{shorten(name)}`"
        first = next(iter(scenario.openings.values())).log
        for what, start, logs in (
            ("setting", first, [(event,) for event in scenario.settings.values()]),
            ("assignment", scenario.searched[0], scenario.assignments),
        ):
            for place, log in enumerate(logs, start=1):
                if self._tried(f"its rooms fail at {what} {place}", self._play, policy, (*start, *log)) is None:
                    yield f"policy `{policy.id}` refuses {what} {place} after the first opening"
        for part in ("corner_cases", "compared", "attempts", "moves", "trials"):
            logs = scenario.logs(part)
            for place, log in enumerate(logs, start=1):
                self._tried(f"its rooms fail at {part} {place} of `scenario`", self._play, policy, log, to_the_end=True)
        made = self._tried("its rooms cannot be made of a state", self.room.from_state, [], policy=policy)
        if getattr(made, "policy", None) is not policy or not callable(getattr(made, "send", None)):
            yield f"`from_state` of its rooms gives {type(made).__name__}, which is no room of policy `{policy.id}`"
        self._tried("its rooms fail at `remember`", made.remember)
        room_id = self._tried("its rooms fail at `room_of`", self.room.room_of, dict(first[0]))
        if room_id is not None and type(room_id) is not str:
            yield f"`room_of` of its rooms gives {type(room_id).__name__}, not the id of a room"

    def _faults_of_reading(self, policy: AnyPolicy, syntax: "Syntax", scenario: "Scenario") -> Iterator[str]:
        """Whether rooms read changes as the syntax writes them."""
        user, other, *_ = scenario.users
        room = self._play(policy, scenario.searched[0])
        own = getattr(self.room, "syntax", syntax)
        if isinstance(own, type(syntax)) and own is not syntax:
            yield "its rooms read by another syntax than the part `syntax`"
        if syntax.creation is not None and not any(
            event.get("type") == syntax.creation for opening in scenario.openings.values() for event in opening.log
        ):
            yield f"no opening of `scenario` has a `{shorten(syntax.creation)}`, with which rooms begin by `syntax`"
        for action in policy.triggers:
            event = syntax.write(policy, action, user, other)
            facts = self._tried(f"its rooms cannot read `{action}` as `syntax` writes it", room.facts_of, event)
            if not isinstance(facts, policy.domain.record):
                yield f"`facts_of` of its rooms gives {type(facts).__name__}, not the facts of policy `{policy.id}`"
            elif facts.is_self:
                yield f"its rooms do not read `{action}` as `syntax` writes it: the target is not the sender"
            yield from self._faults_of_answer(f"its rooms cannot judge `{action}`", room, event)
        for more in ({}, {"state_key": ""}):
            event = {"type": f"{syntax.changes[0]}.other", "sender": user, **more, "content": {}}
            yield from self._faults_of_answer("its rooms cannot judge other events", room, event, EventError)
        if hasattr(room, "facts_between"):
            told = self._tried("its rooms fail at `facts_between`", room.facts_between, user, other)
            for name in told if isinstance(told, Mapping) else ():
                if not any(name in each.domain.values for each in (policy, *self.policies)):
                    fact = shorten(str(name))
                    yield f"`facts_between` of its rooms tells `{fact}`, which no policy of the family has"

    def _faults_of_answer(
        self, failure: str, room: Any, event: Mapping[str, Any], *errors: type[EventError]
    ) -> Iterator[str]:
        """Whether a room decides; for an event of a type that it need not know, it may raise one of the errors."""

        def decide() -> object:
            try:
                return room.decide(event)
            except errors as problem:
                return problem

        decision = self._tried(failure, decide)
        if not isinstance(decision, (Decision, *errors)):
            yield f"`decide` of its rooms answers {type(decision).__name__}"

    def _faults_of_holding(
        self, policy: AnyPolicy, syntax: "Syntax", scenario: "Scenario", laws: tuple[Any, ...]
    ) -> Iterator[str]:
        """Whether the laws can be held against some cases, and a room."""
        facts = {name for each in self.policies for name in each.domain.values}
        user, other, *_ = scenario.users
        changes = (syntax.write(policy, action, user, other) for action in policy.triggers)
        log = (*scenario.searched[0], *changes)

        def view(room: Any, known: "Settings") -> Any:
            return self._tried("the `view` of `scenario` fails", scenario.view, room, known)  # type: ignore[arg-type]

        for law in laws:
            for name in getattr(law, "reads", ()):
                if name not in facts:
                    yield f"the law `{law.id}` looks at `{shorten(name)}`, which no policy of the family has"
            if hasattr(law, "try_cases"):
                self._tried(f"law `{law.id}` does not fit", law.try_cases, policy)
            if hasattr(law, "try_room"):
                room = self.room(None, policy=policy)
                seen = None if scenario.view is None else view
                self._tried(f"law `{law.id}` does not fit", law.try_room, room, log, policy.initial, seen)

    def _play(self, policy: AnyPolicy, log: "Log", *, to_the_end: bool = False) -> Any:
        """The room after a log; None when an event of it is refused, unless it is to be played to the end."""
        room = self.room(None, policy=policy)
        for event in log:
            decision = room.send(event)
            if not isinstance(decision, Decision):
                raise DefinitionError(f"family `{self.id}`: `send` of its rooms answers {type(decision).__name__}")
            if not isinstance(room.participations(), Mapping) or room.policy is not policy:
                raise DefinitionError(f"family `{self.id}`: its rooms do not tell their `participations` and `policy`")
            for user, state in room.participations().items():
                if state not in policy.states:
                    words = f"its rooms put `{shorten(user)}` in `{state}`, which is no state of policy `{policy.id}`"
                    raise DefinitionError(f"family `{self.id}`: {words}")
            if not decision and not to_the_end:
                return None
        return room

    def _tried(self, failure: str, call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        try:
            return call(*given, **named)
        except DefinitionError as problem:
            if str(problem).startswith(f"family `{self.id}`: "):
                raise
            raise DefinitionError(f"family `{self.id}`: {failure}: {shorten(str(problem), 200)}") from None
        except Exception as problem:  # noqa: BLE001 - the family may be the user's: anything may be wrong in it
            summary = str(problem) if isinstance(problem, PolicyError) else f"{type(problem).__name__}: {problem}"
            raise DefinitionError(f"family `{self.id}`: {failure}: {shorten(summary, 200)}") from None


def _parts(_: AnyPolicy) -> dict[tuple[Family, str], object]:
    """What the parts of families that are functions have given for a policy, by family and part."""
    return {}


def _words_of(policy: AnyPolicy) -> Iterator[str]:
    """All that a policy has a word for: actions, facts and their values, rows, kinds of events."""
    yield from (action.value for action in policy.actions)
    for name, values in policy.domain.values.items():
        yield from (name, *map(str, values), *map(spell, values))
    yield from (row.id for row in policy.transitions)
    yield from policy.rules_beside


def _stays(policy: AnyPolicy, action: str) -> bool:
    """Whether an action leaves the target where it is, by whichever row."""
    dests = (row.dest for row in policy.transitions if row.trigger == action)
    return all(isinstance(dest, Asked) and dest.fact == "target" for dest in dests)


def _can_be_called(function: Any, *parameters: str) -> bool:
    """Whether a function takes these: `policy` by its name, all others by place."""
    by_place = [name for name in parameters if name != "policy"]
    try:
        signature(function).bind(*by_place, **dict.fromkeys({"policy"} & {*parameters}))
    except TypeError:
        return False
    except ValueError:  # it does not say
        return True
    return True
