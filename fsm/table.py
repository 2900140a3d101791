"""A table of guarded transitions over a finite domain of facts: what a policy is made of.

Theory of operation. Every rule about participation is a row, a `Transition`:
from these states, this trigger leads to that state if all guards hold. Rows
only ever permit; what no row permits is refused. So the order of the rows never
matters, and adding a row never takes a permission away. Versions of a policy
are differences (`Table.evolve`), never flags inside a guard.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from fsm.domain import Domain
from fsm.errors import DefinitionError, shorten
from fsm.facts import F, Value, about_of, kinds_of, spell
from fsm.guards import Guard
from fsm.rule import Rule
from fsm.state import PLAIN, AnyState, Display, State, label_of
from fsm.transition import ACTORS, ALWAYS, Actor, Asked, Transition
from fsm.view import View

if TYPE_CHECKING:
    from fsm.reach import Reach

T = TypeVar("T")
P = TypeVar("P", bound="Table[Any]")


@dataclass(frozen=True, eq=False, repr=False)
class Table(Generic[F]):
    """A named table of transitions, valid by construction.

    `title` and `source` name the document; `family` is the import name of the
    package whose `Room` speaks this policy's protocol. `action_key` is where the
    content of an event names its action. Everybody starts in the state `initial`, by
    default the first of the domain. `displays` says how people see the states, in the
    order in which they look at them; states without one follow in the order of the
    domain, and displays of states that the domain lacks are of no account. `views` are
    what certain people see of the policy, for pictures; of no account is one that needs a
    fact, a value of it, or a row that the policy lacks (`own_views`). With
    `precedence`, rows may permit the same, and the first of them decides; without, at
    most one row permits anything. Building a policy raises
    `DefinitionError` when the table contradicts itself.

    A policy is a value: two are equal when id and `fingerprint` are. It can be pickled
    if its guards are functions of a module, or values themselves.

    `orderly` are predicates that hold of every question in a history whose events come one
    after another. What only an event out of order asks is decided all the same; drawings
    leave it out, and say so.

    Facts that say what an event brings along, such as the token of an invite, may
    have other values in an event of another action: `carries` says by action and
    fact which.
    """

    has_stock_rows: ClassVar[bool] = False
    """Whether the rows are those of every policy of the family: what a policy was made of says which can fire."""

    supplied: ClassVar[type | None] = None
    """The record of the facts that rooms of the family work out; None where they work out whatever is looked at."""

    facts_beside: ClassVar[type | None] = None
    """The record of the facts that the rules beside the table look at; None where there are no such rules."""

    id: str
    title: str
    source: str
    domain: Domain[F]
    transitions: tuple[Transition[F], ...]
    family: str
    action_key: str = field(default="participation", kw_only=True)
    carries: Mapping[StrEnum, Mapping[str, tuple[Value, ...]]] = field(default_factory=dict, kw_only=True)
    initial: Any = field(default=None, kw_only=True)
    displays: Mapping[Any, Display] = field(default_factory=dict, kw_only=True)
    views: tuple[View, ...] = field(default=(), kw_only=True)
    precedence: bool = field(default=False, kw_only=True)
    orderly: tuple[Callable[[F], bool], ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        """Check the table against the domain."""
        object.__setattr__(self, "transitions", tuple(self.transitions))
        missing = {"target", "sender", "is_self"} - self.domain.about.keys()
        if missing:
            raise DefinitionError(f"policy `{self.id}`: the facts lack {', '.join(sorted(missing))}")
        if not self.transitions and len(self.states) > 1:
            raise DefinitionError(f"policy `{self.id}` has no transitions")
        for repeated in _repeated(row.id for row in self.transitions):
            raise DefinitionError(f"policy `{self.id}` has two transitions with the id `{repeated}`")
        for limits in self.carries.values():
            Domain(self.domain.record, {**self.domain.limits, **limits})  # refuses what the record does not have
        if self.initial is None:
            object.__setattr__(self, "initial", self.states[0])
        self._check_state(self.initial, f"policy `{self.id}`")
        for row in self.transitions:
            self._check(row, self.domain.sample)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self is other or (self.id == other.id and self.fingerprint == other.fingerprint)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def __getstate__(self) -> dict[str, Any]:
        # What has been derived from the fields can be derived again.
        return {item.name: self.__dict__[item.name] for item in fields(self)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over all that makes a difference to a decision (see `fsm.fingerprint`)."""
        from fsm.fingerprint import fingerprint_of  # noqa: PLC0415 - hashes take long to load, and few need them

        return fingerprint_of(self)

    @property
    def reach(self) -> "tuple[Reach, ...]":
        """Who may do what to whom, where numbers do not forbid it; empty where the policy cannot tell."""
        return ()

    @property
    def rules_beside(self) -> Mapping[str, tuple[Rule[Any], ...]]:
        """The rules by which events are judged beside the table, by the kind of event that they are for."""
        return {}

    def own_rules(self) -> Iterable[object]:
        """What a family's policies have beside the table, as JSON values: it counts in the fingerprint."""
        return ()

    def derived(self, make: Callable[[Self], T]) -> T:
        """What a function makes of this policy: made when first asked for, and kept as long as the policy."""
        made: dict[object, T] = self.__dict__.setdefault("_derived", {})
        if make not in made:
            made[make] = make(self)
        return made[make]

    def _check(self, row: Transition[F], sample: F) -> None:
        place = f"policy `{self.id}`, {row.place}"
        for state in row.source:
            self._check_state(state, place)
        if isinstance(row.dest, Asked) and row.dest.fact not in self.domain.values:
            raise DefinitionError(f"{place}: leads to unknown fact `{shorten(row.dest.fact)}`")
        if isinstance(row.dest, Asked):
            for state in row.dest.among or ():
                self._check_state(state, place)
        for state in self.destinations(row):
            self._check_state(state, place)
        for guard in row.guards:
            try:
                answer = guard(sample)
            except Exception as problem:  # noqa: BLE001 - a guard of the user's may fail in any way
                raise DefinitionError(
                    f"{place}: guard `{guard.name}` is not a function of the facts: {shorten(str(problem), 200)}"
                ) from None
            if not isinstance(answer, bool):
                raise DefinitionError(
                    f"{place}: guard `{guard.name}` answers {shorten(repr(answer))}, not true or false"
                )

    def _check_state(self, state: object, place: str) -> None:
        # A bare word equals a member of an enumeration, but is none.
        if type(self._known_states.get(state)) is not type(state):
            raise DefinitionError(f"{place}: unknown state `{shorten(str(state))}`")

    @classmethod
    def for_rooms(cls, policy: object, *, has_provider: bool = False) -> Self:
        """The policy, if rooms of this class of policies can run it.

        Raises `DefinitionError` for what is of another class, looks at facts that no
        such room works out, unless somebody provides them, or has no place for what each of them works out.
        """
        if not isinstance(policy, cls):
            what = f"policy `{policy.id}`" if isinstance(policy, Table) else f"`{shorten(repr(policy))}`"
            raise DefinitionError(f"{what} is no {cls.__name__}, which is what such rooms are run by")
        if policy.unsupplied and not has_provider:
            facts = " and ".join(f"`{name}`" for name in policy.unsupplied)
            raise DefinitionError(
                f"policy `{policy.id}` looks at {facts}, which no room of `{policy.family}` works out"
            )
        return policy.derived(_supplied)

    @cached_property
    def unsupplied(self) -> tuple[str, ...]:
        """The facts that rows look at, and rooms of the family do not work out."""
        own = self.domain.about.keys() - about_of(self.supplied or self.domain.record).keys()
        if not own:
            return ()
        looked_at = frozenset[str]().union(*map(self.reads, self.triggers))
        return tuple(name for name in self.domain.values if name in own & looked_at)

    def value_of(self, name: str, given: object) -> Value:
        """The value of a fact: as it is, by its word, or, of a state, by its label. Raises `DefinitionError`."""
        if type(given) is State:
            given = given.word
        if type(given) is str:
            values = self.domain.values.get(name, ())
            called = [value for value in values if isinstance(value, State) and self.labels.get(value) == given]
            if called and given not in map(spell, values):
                return called[0]
        return self.domain.parse(name, spell(given) if type(given) in (bool, int) else given)  # type: ignore[arg-type]

    @property
    def states(self) -> tuple[AnyState, ...]:
        """The states a target can be in."""
        return self.domain.values["target"]  # type: ignore[return-value]

    @cached_property
    def _known_states(self) -> Mapping[object, AnyState]:
        return {state: state for state in self.states}

    def destinations(self, row: Transition[F]) -> tuple[AnyState, ...]:
        """Where a row may lead, each state once."""
        if not isinstance(row.dest, Asked):
            return (row.dest,)
        states, among = self.domain.values[row.dest.fact], row.dest.among
        return tuple(state for state in states if among is None or state in among)  # type: ignore[misc]

    @property
    def own_views(self) -> tuple[View, ...]:
        """The views for which the policy has the facts, their values, and the row."""
        values, rows = self.domain.values, {row.id for row in self.transitions}
        return tuple(
            view
            for view in self.views
            if view.row in ("", *rows) and all(value in values.get(name, ()) for name, value in view.given.items())
        )

    @cached_property
    def labels(self) -> Mapping[AnyState, str]:
        """What people call each state, told apart where two are called the same."""
        labels = {state: label_of(state, self.displays.get(state, PLAIN)) for state in self.states}
        counts = Counter(labels.values())
        return {state: label if counts[label] == 1 else f"{label} ({state.value})" for state, label in labels.items()}

    def called(self, state: object) -> str:
        """How text names a state: by its word or, where that is a number, by its label."""
        is_number = isinstance(state, State) and type(state.word) is int
        return self.labels.get(state, str(state)) if is_number else str(state)  # type: ignore[call-overload]  # it is a state

    @cached_property
    def ordered(self) -> tuple[AnyState, ...]:
        """The states in the order in which people look at them."""
        return tuple(dict.fromkeys((*(state for state in self.displays if state in self._known_states), *self.states)))

    @cached_property
    def triggers(self) -> tuple[StrEnum, ...]:
        """The actions for which there is a row, in the order of the rows."""
        return tuple(dict.fromkeys(row.trigger for row in self.transitions))

    @cached_property
    def actions(self) -> tuple[StrEnum, ...]:
        """The actions that can be asked for: those of the same kind as one for which there is a row."""
        return tuple(dict.fromkeys(action for trigger in self.triggers for action in type(trigger)))

    @cached_property
    def guards(self) -> tuple[Guard[F], ...]:
        """Every guard that a row uses, in the order of first use."""
        return tuple(dict.fromkeys(guard for row in self.transitions for guard in row.guards))

    def cells(self) -> Iterator[tuple[StrEnum, F]]:
        """Walk every question that can be asked: each action with all facts that it can meet."""
        for action in self.triggers:
            for facts in self.asked(action):
                yield action, facts

    def asked(self, action: StrEnum) -> Iterator[F]:
        """Walk all facts that an action can meet: the domain, within what `carries` says of the action."""
        limits = self.carries.get(action, {}).items()
        for facts in self.domain.records:
            if all(getattr(facts, name) in values for name, values in limits):
                yield facts

    def walk(
        self, action: str, reads: Iterable[str] = (), limits: Mapping[str, tuple[Value, ...]] | None = None
    ) -> Iterator[tuple[F, int]]:
        """The facts that an action can meet: one record for all that differ in nothing that matters, and their number.

        What matters are the facts that its rows look at, and those named. `limits` leaves some values of a fact only.
        """
        within: dict[str, tuple[Value, ...]] = {**self.carries.get(action, {})}  # type: ignore[call-overload]  # a word will do
        for name, values in (limits or {}).items():
            within[name] = tuple(value for value in within.get(name, values) if value in values)
        return self.domain.walk({*self.reads(action), *reads}, within)

    def reads(self, action: str) -> frozenset[str]:
        """The facts that have a say in an action: those that its rows look at."""
        return self._reads.get(action, ALWAYS)

    @cached_property
    def _reads(self) -> Mapping[str, frozenset[str]]:
        reads: dict[str, frozenset[str]] = {}
        for row in self.transitions:
            looked_at = (self.domain.reads(guard.test) for guard in row.guards)
            leads = {row.dest.fact} if isinstance(row.dest, Asked) else set()
            reads[row.trigger] = reads.get(row.trigger, ALWAYS).union(leads, *looked_at)
        return reads

    @property
    def size(self) -> int:
        """How many questions can be asked: the number of `cells`."""
        return sum(self.domain.count(self.carries.get(action)) for action in self.triggers)

    def candidates(self, action: str, state: AnyState | str) -> tuple[Transition[F], ...]:
        """The rows for this action in this state, whatever their guards say."""
        return self._by_cell.get((action, state), ())  # type: ignore[arg-type]  # a bare word finds its member

    def rows_for(self, action: str, facts: F) -> tuple[Transition[F], ...]:
        """The rows for this action that lead from the target's state to where the event asks, whatever guards say."""
        rows = self.candidates(action, facts.target)  # type: ignore[attr-defined]
        return tuple(row for row in rows if row.leads(facts))

    @cached_property
    def _by_cell(self) -> Mapping[tuple[str, AnyState], tuple[Transition[F], ...]]:
        cells: dict[tuple[str, AnyState], tuple[Transition[F], ...]] = {}
        for row in self.transitions:
            for state in row.source:
                cells[row.trigger, state] = (*cells.get((row.trigger, state), ()), row)
        return cells

    @cached_property
    def actors(self) -> Mapping[str, Actor]:
        """By transition id: who can make it happen, found by asking all facts."""
        selves: dict[str, set[bool]] = {row.id: set() for row in self.transitions}
        for action in self.triggers:
            for facts, _ in self.walk(action):
                state, is_self = facts.target, facts.is_self  # type: ignore[attr-defined]
                for row in self.candidates(action, state):
                    if is_self not in selves[row.id] and row.permits(facts):
                        selves[row.id].add(is_self)
        return {row: ACTORS[frozenset(seen)] for row, seen in selves.items()}

    def evolve(
        self,
        id: str,  # noqa: A002 - the name of the field it sets
        *,
        add: Iterable[Transition[F]] = (),
        drop: Iterable[str] = (),
        replace: Iterable[Transition[F]] = (),
        **changes: Any,
    ) -> Self:
        """A new policy that differs from this one as told.

        `add` puts rows behind the others, `drop` takes out rows by id,
        `replace` puts a row in the place of the one with the same id, and
        `changes` sets other fields, such as `title` or `domain`. A policy that
        differs is no longer the document that this one is: unless a `title` is
        told, title and source say "with changes". Raises `DefinitionError` when
        a dropped or replaced row does not exist.
        """
        rows = {row.id: row for row in self.transitions}
        for gone in drop:
            if rows.pop(gone, None) is None:
                raise DefinitionError(f"policy `{id}` drops unknown transition `{shorten(gone)}`")
        for new in replace:
            if new.id not in rows:
                raise DefinitionError(f"policy `{id}` replaces unknown transition `{new.id}`")
            rows[new.id] = new
        told = {"transitions": (*rows.values(), *add), **changes}
        differs = any(value != getattr(self, name, None) for name, value in told.items() if name not in NAMES)
        if differs and "title" not in told:
            told = {name: _with_changes(getattr(self, name)) for name in NAMES} | told
        return _changed(self, id=id, **told)


NAMES = ("title", "source")
"""What names the document that a policy stands in."""


def _with_changes(name: str) -> str:
    return name if name.endswith(", with changes") else f"{name}, with changes"


def _supplied(policy: P) -> P:
    """The policy, if it has a place for all that rooms of its family work out."""
    values = policy.domain.values
    for name, kind in kinds_of(policy.supplied or policy.domain.record).items():
        if name not in values or (kind is bool and set(values[name]) != {False, True}):
            raise DefinitionError(f"policy `{policy.id}`: rooms of `{policy.family}` need both values of `{name}`")
    return policy


_changed = replace  # `evolve` has a parameter of that name


def _repeated(ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            yield each
        seen.add(each)
