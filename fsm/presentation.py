"""The TLS presentation language, with vectors as in MLS: the few types of which structs are made.

Theory of operation. A struct is data: a `Form` put together from other forms.
Each form stands for one type of the language and knows how that type reads and
how it writes one kind of JSON value, so no struct needs code of its own, and
what is written can be read.

Bytes come from a stranger. A length is compared with what is left before
anything is taken, no inner vector reaches past the outer one, and forms nest
only as deep as they are declared. Work and memory grow with the bytes that are
there, never with the bytes that are promised.

The forms are our own. `construct`, the best known of the libraries, counts
offsets anew inside every length-prefixed part, takes a malformed element for
the end of its list, and accepts unknown enum values and any non-zero boolean;
with an adapter around each of these, little of it would be left, and it takes
more than half as long to import as all of `fsm`.

Spec: RFC 8446 3; RFC 9420 2.1.2 "Variable-Size Vector Length Headers"
"""
# ruff: noqa: D102 - `Form` says once what reading and writing are

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from fsm.errors import DecodeError, DefinitionError, EventError, shorten
from fsm.event import MAX_TEXT, checked_flag, checked_text, describe, join, mapping, sequence

_LENGTH_WIDTHS = (1, 2, 4)

MAX_LENGTH = 2**30 - 1
"""The most bytes that a vector can hold."""


class Source:
    """Bytes that are being read, as far as `end`: that of the innermost vector."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.end = len(data)

    def byte(self, place: str) -> int:
        """The next byte, as a number."""
        if self.at == self.end:
            raise DecodeError(self.at, place, "is missing")
        self.at += 1
        return self.data[self.at - 1]

    def take(self, size: int, place: str) -> bytes:
        """The next bytes, `size` of them."""
        left = self.end - self.at
        if size > left:
            raise DecodeError(self.at, place, f"needs {size} bytes here, {left} left")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, width: int, place: str) -> int:
        """The next bytes as a number, the highest byte first."""
        return int.from_bytes(self.take(width, place), "big")

    def length(self, place: str) -> int:
        """The length that opens a vector: no longer than need be, and no more than is there.

        The first two bits say how many bytes the length itself takes.
        """
        start = self.at
        form, length = divmod(self.byte(place), 64)
        if form == len(_LENGTH_WIDTHS):
            raise DecodeError(start, place, "has a length of 8 bytes, 4 are the most")
        if form:
            self.at = start
            width = _LENGTH_WIDTHS[form]
            length = self.number(width, place) & _longest(width)
            if length <= _longest(_LENGTH_WIDTHS[form - 1]):
                raise DecodeError(start, place, f"has a length of {width} bytes where fewer would do")
        if length > self.end - self.at:
            raise DecodeError(start, place, f"declares {length} bytes, {self.end - self.at} left")
        return length

    def text(self, place: str) -> str:
        """The next vector, as text."""
        start = self.at
        raw = self.take(self.length(place), place)
        try:
            text = raw.decode()
        except UnicodeDecodeError as problem:
            raise DecodeError(self.at - len(raw) + problem.start, place, "is not UTF-8") from None
        if len(text) > MAX_TEXT:
            raise DecodeError(start, place, f"is {len(text)} characters long, {MAX_TEXT} is the most")
        return text

    def vector(self, item: "Form", place: str) -> Iterator[tuple[int, Any]]:
        """The items of the next vector, each with the offset at which it begins."""
        length = self.length(place)
        outer, self.end = self.end, self.at + length
        index = 0
        while self.at < self.end:
            yield self.at, item.read(self, f"{place}[{index}]")
            index += 1
        self.end = outer


def _longest(width: int) -> int:
    """The highest length that a length of so many bytes can say."""
    return (1 << (8 * width - 2)) - 1


def vector(content: bytes, place: str) -> bytes:
    """Open a vector with its length, in as few bytes as will do."""
    for form, width in enumerate(_LENGTH_WIDTHS):
        if len(content) <= _longest(width):
            return (form << (8 * width - 2) | len(content)).to_bytes(width, "big") + content
    raise EventError(place, f"takes {len(content)} bytes, {MAX_LENGTH} is the most")


class Form(ABC):
    """A type of the presentation language, and the kind of JSON value that it carries."""

    __slots__ = ()

    @abstractmethod
    def read(self, source: Source, place: str) -> Any:
        """The value that comes next; `place` is its path. Raises `DecodeError`."""

    @abstractmethod
    def write(self, value: object, place: str) -> bytes:
        """The bytes of a value; `place` is its path. Raises `EventError` when it has none."""

    def decode(self, data: bytes) -> Any:
        """The value of which these are the bytes, all of them. Raises `DecodeError`."""
        source = Source(data)
        value = self.read(source, "")
        if source.at < source.end:
            raise DecodeError(source.at, "", f"the value ends here; bytes left over: {source.end - source.at}")
        return value

    def encode(self, value: object) -> bytes:
        """The bytes of a value. Raises `EventError` when it has none."""
        return self.write(value, "")


@dataclass(frozen=True, slots=True)
class Number(Form):
    """An unsigned number, `width` bytes wide: a whole number.

    Spec: RFC 8446 3.3 "Numbers"
    """

    width: int

    def read(self, source: Source, place: str) -> int:
        return source.number(self.width, place)

    def write(self, value: object, place: str) -> bytes:
        if type(value) is not int:
            raise EventError(place, f"must be a whole number, not {describe(value)}")
        if not 0 <= value < 1 << (8 * self.width):
            raise EventError(place, f"must be from 0 to {(1 << (8 * self.width)) - 1}")
        return value.to_bytes(self.width, "big")


@dataclass(frozen=True, slots=True)
class Boolean(Form):
    """A byte that is 0 or 1: true or false."""

    def read(self, source: Source, place: str) -> bool:
        start = source.at
        number = source.byte(place)
        if number > 1:
            raise DecodeError(start, place, f"must be 0 or 1, not {number}")
        return number == 1

    def write(self, value: object, place: str) -> bytes:
        return bytes([checked_flag(value, place)])


_FLAG = Boolean()


@dataclass(frozen=True, slots=True)
class Text(Form):
    """A vector of opaque bytes that are UTF-8: a string."""

    def read(self, source: Source, place: str) -> str:
        return source.text(place)

    def write(self, value: object, place: str) -> bytes:
        try:
            return vector(checked_text(value, place).encode(), place)
        except UnicodeEncodeError as problem:
            # JSON can spell half of a pair of surrogates; no bytes stand for it.
            raise EventError(place, f"has no UTF-8 form at character {problem.start}") from None


@dataclass(frozen=True, slots=True)
class Enumerated(Form):
    """One of some words, as a byte.

    Spec: RFC 8446 3.5 "Enumerateds"
    """

    numbers: Mapping[str, int]

    @classmethod
    def counted(cls, words: Iterable[str]) -> Self:
        """Words to which the text gives no numbers: they count from 1 in order of appearance."""
        return cls({str(word): number for number, word in enumerate(words, start=1)})

    def read(self, source: Source, place: str) -> str:
        start = source.at
        given = source.byte(place)
        for word, number in self.numbers.items():
            if number == given:
                return word
        known = ", ".join(f"{number} ({word})" for word, number in self.numbers.items())
        raise DecodeError(start, place, f"{given} is not one of {known}")

    def write(self, value: object, place: str) -> bytes:
        word = checked_text(value, place)
        if word not in self.numbers:
            raise EventError(place, f"`{shorten(word)}` is not one of {', '.join(self.numbers)}")
        return bytes([self.numbers[word]])


@dataclass(frozen=True, slots=True)
class Vector(Form):
    """Any number of items: an array.

    Spec: RFC 8446 3.4 "Vectors"
    """

    item: Form

    def read(self, source: Source, place: str) -> list[Any]:
        return [value for _, value in source.vector(self.item, place)]

    def write(self, value: object, place: str) -> bytes:
        items = enumerate(sequence(value, place))
        return vector(b"".join(self.item.write(item, f"{place}[{index}]") for index, item in items), place)


@dataclass(frozen=True, slots=True)
class Optional(Form):
    """A value that may be missing: null.

    Spec: RFC 9420 2.1.1 "Optional Value"
    """

    item: Form

    def read(self, source: Source, place: str) -> Any:
        return self.item.read(source, place) if _FLAG.read(source, place) else None

    def write(self, value: object, place: str) -> bytes:
        return _FLAG.write(False, place) if value is None else _FLAG.write(True, place) + self.item.write(value, place)


@dataclass(frozen=True, slots=True)
class Struct(Form):
    """Named fields, one behind the other: an object.

    A field that has its value in `defaults` is left out of the object. One that is in
    `absent` may be left out, and has that value then.

    Spec: RFC 8446 3.6 "Constructed Types"
    """

    fields: Mapping[str, Form]
    defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    absent: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def read(self, source: Source, place: str) -> dict[str, Any]:
        values = {name: form.read(source, join(place, name)) for name, form in self.fields.items()}
        return {
            name: value for name, value in values.items() if name not in self.defaults or value != self.defaults[name]
        }

    def write(self, value: object, place: str) -> bytes:
        given = mapping(value, place)
        for name in given:
            if name not in self.fields:
                raise EventError(join(place, str(name)), f"cannot be carried; there is only {', '.join(self.fields)}")
        values = {**self.absent, **self.defaults, **given}
        for name in self.fields:
            if name not in values:
                raise EventError(join(place, name), "is missing")
        return b"".join(form.write(values[name], join(place, name)) for name, form in self.fields.items())


@dataclass(frozen=True, slots=True)
class Selection(Form):
    """Named fields, and behind them those of the case that one of them selects: one object.

    Spec: RFC 8446 3.8 "Variants"
    """

    fields: Mapping[str, Form]
    select: str
    cases: Mapping[str, Mapping[str, Form]]

    def read(self, source: Source, place: str) -> dict[str, Any]:
        values = Struct(self.fields).read(source, place)
        return values | Struct(self.cases[values[self.select]]).read(source, place)

    def write(self, value: object, place: str) -> bytes:
        given = mapping(value, place)
        if self.select not in given:
            raise EventError(join(place, self.select), "is missing")
        self.fields[self.select].write(given[self.select], join(place, self.select))
        return Struct({**self.fields, **self.cases[given[self.select]]}).write(given, place)


class Entry(Form):
    """A key and what belongs to it: an object with one key."""

    __slots__ = ()

    key: Form

    @abstractmethod
    def value(self, key: str) -> Form:
        """The form of what belongs to this key."""

    def read(self, source: Source, place: str) -> dict[str, Any]:
        key = self.key.read(source, place)
        return {key: self.value(key).read(source, join(place, key))}

    def write(self, value: object, place: str) -> bytes:
        entries = mapping(value, place)
        if len(entries) != 1:
            raise EventError(place, f"must have one key, not {len(entries)}")
        [(key, content)] = entries.items()
        return self.key.write(key, place) + self.value(key).write(content, join(place, key))


@dataclass(frozen=True, slots=True)
class Pair(Entry):
    """A struct of two fields, the first of which names the second."""

    key: Form
    content: Form

    def value(self, key: str) -> Form:  # noqa: ARG002 - the same for every key
        return self.content


@dataclass(frozen=True, slots=True)
class Variant(Entry):
    """A word, and what the case of that word says must follow.

    Spec: RFC 8446 3.8 "Variants"
    """

    key: Enumerated
    cases: Mapping[str, Form]

    def value(self, key: str) -> Form:
        return self.cases[key]


@dataclass(frozen=True, slots=True)
class Object(Form):
    """A vector of entries: one object with the keys of all.

    Bytes can list a key twice, an object cannot. Where `last_wins`, the later
    entry counts; elsewhere there is no telling which was meant.
    """

    entry: Entry
    last_wins: bool = False

    def read(self, source: Source, place: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for start, entry in source.vector(self.entry, place):
            for key in entry.keys() & values.keys():
                if not self.last_wins:
                    raise DecodeError(start, join(place, key), "is listed twice")
            values.update(entry)
        return values

    def write(self, value: object, place: str) -> bytes:
        entries = mapping(value, place).items()
        return vector(b"".join(self.entry.write({key: content}, place) for key, content in entries), place)


@dataclass(frozen=True, slots=True)
class Structs:
    """A wire format: the structs that it has, by the names that its text gives them."""

    forms: Mapping[str, Form]

    def encode(self, struct: str, value: object) -> bytes:
        """The bytes of a value, such as the content of an event.

        Raises `EventError`, naming the field, when the struct cannot carry the
        value, and `DefinitionError` when there is no such struct.
        """
        try:
            return self._form(struct).encode(value)
        except EventError as problem:
            if problem.field:
                raise
            raise EventError("", f"`{struct}`: {problem.problem}") from None

    def decode(self, struct: str, data: bytes) -> Any:
        """The value of which these are the bytes, all of them.

        Raises `DecodeError`, with the offset, when they are not, and
        `DefinitionError` when there is no such struct.
        """
        return self._form(struct).decode(data)

    def _form(self, struct: str) -> Form:
        if type(struct) is str and struct in self.forms:
            return self.forms[struct]
        raise DefinitionError(f"unknown struct `{shorten(str(struct))}`: choose from {', '.join(self.forms)}")
