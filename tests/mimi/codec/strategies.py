"""Values and bytes for any form, drawn out of its declaration."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fsm.mimi.codec import STRUCTS
from fsm.presentation import Boolean, Enumerated, Form, Number, Object, Pair, Struct, Text, Variant, Vector

structs = st.sampled_from(sorted(STRUCTS))

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
json = st.recursive(_scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


def values(form: Form) -> SearchStrategy[Any]:
    """Values that the form carries."""
    return _VALUES[type(form)](form)


def _entries(form: Object) -> SearchStrategy[dict[str, Any]]:
    return st.lists(values(form.entry), max_size=4).map(
        lambda entries: {key: content for entry in entries for key, content in entry.items()}
    )


def _fields(form: Struct) -> SearchStrategy[dict[str, Any]]:
    fields = {name: values(part) for name, part in form.fields.items()}
    optional = {name: fields.pop(name).filter(lambda given: given != "") for name in form.defaults}
    return st.fixed_dictionaries(fields, optional=optional)


_VALUES: dict[type[Form], Callable[[Any], SearchStrategy[Any]]] = {
    # Lengths on both sides of 64 bytes, where the length itself grows.
    Text: lambda _: st.text(max_size=12) | st.text(min_size=60, max_size=70),
    Number: lambda form: st.integers(0, 256**form.width - 1),
    Boolean: lambda _: st.booleans(),
    Enumerated: lambda form: st.sampled_from(sorted(form.numbers)),
    Vector: lambda form: st.lists(values(form.item), max_size=4),
    Struct: _fields,
    Pair: lambda form: st.dictionaries(values(form.key), values(form.content), min_size=1, max_size=1),
    Variant: lambda form: st.one_of([st.fixed_dictionaries({word: values(case)}) for word, case in form.cases.items()]),
    Object: _entries,
}


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Any]:
    """A struct's name, and a value that it carries."""
    name = draw(structs)
    return name, draw(values(STRUCTS[name]))


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, bytes]:
    """A struct's name, and the bytes of a value after some accidents."""
    name, value = draw(cases())
    data = STRUCTS[name].encode(value)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        gone = draw(st.sampled_from([0, 1, 1, 1, 2, len(data)]))
        data = data[:start] + draw(st.binary(max_size=3)) + data[start + gone :]
    return name, data


@st.composite
def misfits(draw: st.DrawFn) -> tuple[str, Any]:
    """A struct's name, and a value in which one part has been replaced by any other."""
    name, value = draw(cases())
    return name, _replace_part(draw, value)


def _replace_part(draw: st.DrawFn, value: Any) -> Any:
    if draw(st.booleans()) or not isinstance(value, list | dict):
        return draw(json)
    if isinstance(value, list):
        return [*value[1:], _replace_part(draw, value[0])] if value else [draw(json)]
    key = draw(st.sampled_from([*value, ""]))
    return {**value, key: _replace_part(draw, value.get(key))}
