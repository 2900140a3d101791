"""The condition that is left of a question when some of its facts are known.

Theory of operation. A term says of some facts which values they may have; the condition
holds when one of its terms does. Each question that is allowed and in no term yet gives
the next one: a fact after the other is left out, or else given more values, as long as
the term reaches no question that is refused. Then terms go that the others make
needless. So the condition is exact over all facts that can come together, and no part
of it can be left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fsm.errors import DefinitionError, needs, shorten
from fsm.facts import Value, spell

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, SQLColumnExpression

    from fsm.table import Table

Case: TypeAlias = tuple[Value, ...]
"""Values of the open facts, in their order."""

Term: TypeAlias = tuple[frozenset[Value], ...]
"""For each open fact, the values that it may have."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A fact, and the values that it may have, in the order of the domain."""

    fact: str
    values: tuple[Value, ...]

    @property
    def text(self) -> str:
        """As people write it: `may_kick`, `not is_self`, `sender is join or invite`."""
        if self.values in ((True,), (False,)):
            return self.fact if self.values[0] else f"not {self.fact}"
        return f"{self.fact} is {' or '.join(map(spell, self.values))}"

    def as_json(self) -> dict[str, Any]:
        """`{"fact": …, "in": […]}`, with truth values and the words of states."""
        return {"fact": self.fact, "in": [value if isinstance(value, bool) else value.value for value in self.values]}


@dataclass(frozen=True, slots=True)
class Residual:
    """A condition on facts: any of the terms holds, of each of which all literals do.

    No term at all never holds; a term without literals always does.
    """

    terms: tuple[tuple[Literal, ...], ...]

    @property
    def text(self) -> str:
        """The condition in one line; `always` or `never` where no fact matters."""
        if not self.terms:
            return "never"
        texts = [" and ".join(literal.text for literal in term) for term in self.terms]
        return " or ".join(f"({text})" if len(texts) > 1 and " and " in text else text for text in texts) or "always"

    def as_json(self) -> dict[str, Any]:
        """`{"any": [{"all": [{"fact": "may_kick", "in": [true]}]}]}`; always is `[{"all": []}]`, never `[]`."""
        return {"any": [{"all": [literal.as_json() for literal in term]} for term in self.terms]}

    def sql(self, columns: "Mapping[str, SQLColumnExpression[Any] | str]") -> "ColumnElement[bool]":
        """The condition as an expression of SQLAlchemy; `columns` says which column holds which fact.

        A column is one of SQLAlchemy's, or a name. Columns hold truth values and the words of
        states. Raises `DefinitionError` when a fact has no column, or SQLAlchemy is missing.
        """
        try:
            from sqlalchemy import and_, column, false, or_, true  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as missing:
            raise DefinitionError(needs("a condition in SQL", missing.name, "store")) from None
        known = {fact: column(each) if isinstance(each, str) else each for fact, each in columns.items()}
        for literal in (literal for term in self.terms for literal in term):
            if literal.fact not in known:
                raise DefinitionError(f"no column holds the fact `{literal.fact}`")
        terms = (
            and_(true(), *(known[literal.fact].in_(literal.as_json()["in"]) for literal in term)) for term in self.terms
        )
        return or_(false(), *terms)


def residual_of(policy: "Table[Any]", action: str, known: Mapping[str, object]) -> Residual:
    """The condition under which a policy allows an action, given what is known.

    Values may be given as words. Raises `DefinitionError` for a fact or a value that the
    policy does not have, and for an action that it does not know.
    """
    if action not in policy.triggers:
        raise DefinitionError(f"policy `{policy.id}` has no action `{shorten(str(action))}`")
    given = {name: policy.domain.parse(name, value) for name, value in known.items()}
    names = [name for name in policy.domain.values if name in policy.reads(action) and name not in given]
    allowed: dict[Case, None] = {}
    refused: set[Case] = set()
    for facts, _ in policy.walk(action, limits={name: (value,) for name, value in given.items()}):
        case = tuple(getattr(facts, name) for name in names)
        if any(row.permits(facts) for row in policy.candidates(action, facts.target)):
            allowed[case] = None
        else:
            refused.add(case)
    values = [policy.domain.values[name] for name in names]
    terms = _needed(list(_terms(tuple(allowed), tuple(refused), values)), tuple(allowed))
    return Residual(tuple(_literals(term, names, values) for term in terms))


def _terms(allowed: Sequence[Case], refused: Sequence[Case], values: Sequence[tuple[Value, ...]]) -> Iterator[Term]:
    """Terms that together hold for all that is allowed, and for nothing that is refused."""
    rest = allowed
    while rest:
        term = _grown(rest[0], refused, values)
        # Values that come up in no question of the term would only be read in vain.
        term = tuple(map(frozenset, zip(*(case for case in allowed if _holds(term, case)), strict=True)))
        term = _without_needless(term, refused, values)
        yield term
        rest = [case for case in rest if not _holds(term, case)]


def _grown(case: Case, refused: Sequence[Case], values: Sequence[tuple[Value, ...]]) -> Term:
    """The question as a term with as many values as can be."""
    term = tuple(frozenset({value}) for value in case)
    for place, choices in enumerate(values):
        wide = _with(term, place, choices)
        term = _with(term, place, wide[place] - {each[place] for each in refused if _holds(wide, each)})
    return term


def _without_needless(term: Term, refused: Sequence[Case], values: Sequence[tuple[Value, ...]]) -> Term:
    """The term without the facts that it need not restrict."""
    for place, choices in enumerate(values):
        wide = _with(term, place, choices)
        if not any(_holds(wide, each) for each in refused):
            term = wide
    return term


def _with(term: Term, place: int, values: Iterable[Value]) -> Term:
    return (*term[:place], frozenset(values), *term[place + 1 :])


def _needed(terms: list[Term], allowed: Sequence[Case]) -> list[Term]:
    """Those of the terms that the others do not make needless."""
    for term in tuple(terms):
        others = [each for each in terms if each is not term]
        if all(any(_holds(each, case) for each in others) for case in allowed if _holds(term, case)):
            terms = others
    return terms


def _literals(term: Term, names: Sequence[str], values: Sequence[tuple[Value, ...]]) -> tuple[Literal, ...]:
    """The facts that the term restricts."""
    return tuple(
        Literal(name, tuple(value for value in choices if value in having))
        for name, choices, having in zip(names, values, term, strict=True)
        if len(having) < len(choices)
    )


def _holds(term: Iterable[frozenset[Value]], case: Case) -> bool:
    return all(value in having for value, having in zip(case, term, strict=True))
