"""Reading JSON that strangers wrote: what two readers could understand in two ways is refused.

RFC 8259 leaves to each reader what a key that comes twice means (section 4), how large
a number may be (6), what half of a surrogate pair stands for (8.2), and how long and
how deep a text may be (9). Two servers that choose differently read two events where
one was sent. So none of it is read here, as I-JSON has it (RFC 7493, sections 2.1 to
2.3); and whatever reads JSON reads it here, so that all refuse it in the same words.
"""

import json
from math import isinf
from typing import Any, NoReturn

from fsm.errors import shorten

MAX_JSON = 32 * 2**20
"""The longest JSON text that is read, in bytes: a line, or a document over many lines."""

MAX_DEPTH = 128
"""How deep objects and arrays may be nested."""

TOO_DEEP = f"not readable: nested more than {MAX_DEPTH} levels deep"
"""What is said of a text that is nested deeper."""


def read_json(text: bytes) -> Any:
    """Read one JSON value from UTF-8. Raises ValueError with one line of explanation."""
    if len(text) > MAX_JSON:
        raise ValueError(f"not readable: longer than {MAX_JSON} bytes")
    try:
        decoded = text.decode()
        value = _JSON.decode(decoded)
    except UnicodeDecodeError as problem:
        raise ValueError(f"not UTF-8 at byte {problem.start + 1}") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"not JSON: {problem.msg.lower()} at character {problem.pos + 1}") from None
    except _AmbiguousError as problem:
        raise ValueError(f"not readable: {problem}") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except ValueError:  # Python's own limit of the digits of a whole number
        raise ValueError("not readable: a number has too many digits") from None
    # The quick looks at the text come first: few texts need the thorough look at the value.
    if decoded.count("[") + decoded.count("{") > MAX_DEPTH and _is_deeper(value):
        raise ValueError(TOO_DEEP)
    if ("\\ud" in decoded or "\\uD" in decoded) and not _is_unicode(value):
        raise ValueError("not readable: a text holds half of a surrogate pair")
    return value


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
