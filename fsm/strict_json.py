"""Reading JSON that strangers wrote: what two readers could understand in two ways is refused.

RFC 8259 leaves to each reader what a key that comes twice means (section 4), how large
a number may be (6), what half of a surrogate pair stands for (8.2), and how long and
how deep a text may be (9). Two servers that choose differently read two events where
one was sent. So none of it is read here, as I-JSON has it (RFC 7493, sections 2.1 to
2.3); and whatever reads JSON reads it here, so that all refuse it in the same words.
"""

import json
import re
from collections.abc import Callable, Mapping
from math import isinf
from typing import Any, NoReturn

from fsm.errors import HALF_PAIR, shorten

MAX_JSON = 32 * 2**20
"""The longest JSON text that is read, in bytes: a line, or a document over many lines."""

MAX_DEPTH = 128
"""How deep objects and arrays may be nested."""

_DEEP = 2 * MAX_DEPTH
"""So many letters have room for so many brackets, which come in pairs."""

TOO_DEEP = f"not readable: nested more than {MAX_DEPTH} levels deep"
"""What is said of a text that is nested deeper."""


def read_json(text: bytes) -> Any:
    """Read one JSON value from UTF-8. Raises ValueError with one line of explanation."""
    if len(text) > MAX_JSON:
        raise ValueError(f"not readable: longer than {MAX_JSON} bytes")
    try:
        decoded = text.decode()
        value = _decoded(decoded)
    except UnicodeDecodeError as problem:
        raise ValueError(f"not UTF-8 at byte {problem.start + 1}") from None
    except json.JSONDecodeError as problem:
        what = problem.msg.lower().removesuffix(" at")
        raise ValueError(f"not JSON: {what} at character {problem.pos + 1}") from None
    except _AmbiguousError as problem:
        raise ValueError(f"not readable: {problem}") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except ValueError:  # Python's own limit of the digits of a whole number
        raise ValueError("not readable: a number has too many digits") from None
    _look_inside(value, decoded)
    return value


_BLANK = " \t\r\n"


def read_whole_lines(text: bytes) -> tuple[list[Any], int]:
    """Read lines, each with its end and a JSON value, as long as nothing is wrong: the values, and how many bytes.

    Of the line that follows it is left to `read_json` to say what is wrong with it.
    """
    values: list[Any] = []
    start = 0
    try:
        lines = text.decode()
    except UnicodeDecodeError:
        return [], 0
    has_escapes = "\\" in lines
    try:
        while start < len(lines):
            end = lines.index("\n", start)
            value, after = _scan(lines, start)
            if after != end and (after > end or lines[after:end].strip(_BLANK)):
                break
            if has_escapes or end - start >= _DEEP:
                _look_inside(value, lines[start:end])
            values.append(value)
            start = end + 1
    except (ValueError, RecursionError, StopIteration):
        pass
    return values, start if text.isascii() else len(lines[:start].encode())


def _decoded(text: str) -> Any:
    """What a text says, most of which have nothing around their value. Raises ValueError or RecursionError."""
    try:
        value, end = _JSON.raw_decode(text)
    except json.JSONDecodeError:
        return _JSON.decode(text)
    return value if end == len(text) or not text[end:].strip(_BLANK) else _JSON.decode(text)


class RepeatingReader:
    """Reads objects in which an array under one key often comes again, as it stood in an object before.

    Such an array is not read again: the objects hold the same list, and nobody may
    change it. What is read, and what is refused, is the same as by `read_json`. A few
    arrays are remembered, of bearable length.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._opening = f'{{"{key}": '.encode()
        """How an object begins in which the array comes first, as one did the last time."""
        self._known: dict[bytes, list[Any]] = {}

    def read(self, text: bytes) -> Any:
        """Read one JSON value from UTF-8. Raises ValueError with one line of explanation."""
        try:
            if len(text) <= MAX_JSON:
                opening = self._opening
                return (text.startswith(opening) and self._rest({}, text, len(opening))) or self._object(text)
        except (ValueError, RecursionError, StopIteration):
            pass  # no object, or a fault for which the other way has the words
        return read_json(text)

    def remembers(self, value: object) -> bool:
        """Whether this is a list that the next object may hold as well."""
        return any(value is known for known in self._known.values())

    def _object(self, text: bytes) -> dict[str, Any]:
        """Read an object member by member. Raises ValueError or RecursionError for whatever is out of the ordinary."""
        letters, value = text.decode(), dict[str, Any]()
        place = _match(_OPENING, letters, 0).end()
        while True:
            key = _match(_KEY, letters, place)
            name, start = key[1], key.end()
            if name in value:
                raise ValueError(name)
            if name == self._key:
                opening = letters[:start].encode()
                if (whole := self._rest(value, text, len(opening))) is not None:
                    return whole
                self._opening = self._opening if value else opening
            inner, place = _JSON.raw_decode(letters, start)
            _look_inside([inner], letters[start:place])
            if name == self._key and type(inner) is list:
                self._remember(letters[start:place].encode(), inner)
            value[name] = inner
            end = _match(_CLOSING, letters, place)
            place = end.end()
            if end[1] == "}":
                _match(_NOTHING, letters, place)
                return value

    def _rest(self, before: Mapping[str, Any], text: bytes, start: int) -> dict[str, Any] | None:
        """An object with these members before the array, which begins here; None where the array is not known."""
        for known in self._known:
            if text.startswith(known, start):
                break
        else:
            return None
        rest = text[start + len(known) :].decode().lstrip(_BLANK)
        value = {**before, self._key: self._known[known]}
        if rest.startswith(","):
            rest = f"{{{rest[1:]}"  # an object of its own
            others, end = _scan(rest, 0)
            _look_inside(others, rest)
            whole: dict[str, Any] = value | others
            if others and len(whole) == len(value) + len(others) and not rest[end:].strip(_BLANK):
                return whole
        elif rest.rstrip(_BLANK) == "}":
            return value
        raise ValueError(rest)

    def _remember(self, text: bytes, value: list[Any]) -> None:
        if len(text) <= _MOST_BYTES:
            self._known[text] = value
            if len(self._known) > _MOST_ARRAYS:
                del self._known[next(iter(self._known))]


_MOST_ARRAYS, _MOST_BYTES = 16, 2**20
"""So many arrays are remembered, of so many bytes at most."""

_OPENING = re.compile(r"[ \t\r\n]*\{")
_KEY = re.compile(r'[ \t\r\n]*"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*')
_CLOSING = re.compile(r"[ \t\r\n]*([,}])")
_NOTHING = re.compile(r"[ \t\r\n]*\Z")


def _match(pattern: re.Pattern[str], text: str, place: int) -> re.Match[str]:
    found = pattern.match(text, place)
    if found is None:
        raise ValueError(place)
    return found


def _look_inside(value: Any, text: str) -> None:
    """Refuse what is nested too deeply or is no Unicode; `text` is what the value was read from."""
    # The quick looks at the text come first: few texts need the thorough look at the value.
    if len(text) >= _DEEP and text.count("[") + text.count("{") >= MAX_DEPTH and _is_deeper(value):
        raise ValueError(TOO_DEEP)
    if "\\" in text and ("\\ud" in text or "\\uD" in text) and not _is_unicode(value):
        raise ValueError(HALF_PAIR)


class _AmbiguousError(ValueError):
    """JSON by the grammar, but not the same to every reader."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _AmbiguousError(f"the key `{shorten(twice)}` comes twice")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise _AmbiguousError(f"the number `{shorten(digits)}` is too large")
    return value


def _constant(word: str) -> NoReturn:
    raise _AmbiguousError(f"`{word}` is no number")


_JSON = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)

_scan: Callable[[str, int], tuple[Any, int]] = _JSON.scan_once  # type: ignore[attr-defined]  # typeshed leaves it out
"""The value that begins at a place, and where it ends. Raises ValueError, or StopIteration where there is none."""


def _is_deeper(value: Any) -> bool:
    """Whether a value is nested too deeply. Level by level, so that it takes no depth of its own."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = (parent.values() if type(parent) is dict else parent for parent in level)
        level = [child for children in inside for child in children if type(child) in (dict, list)]
    return bool(level)


def _is_unicode(value: Any) -> bool:
    """Whether all texts of a value can be written in UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
