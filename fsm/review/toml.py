"""Reading TOML that somebody has written, with limits: work is linear in the text."""

import re
import tomllib
from typing import Any

from fsm.errors import shorten

MAX_TOML = 4 * 2**20
"""The longest file that is read, in bytes."""

MAX_PARTS = 128
"""The most dots in a key, such as `a.b.c`: to read a key takes time that grows with the square of its parts."""

_BETWEEN_KEYS = re.compile(r"[\n=,{}\[\]]")


def read_toml(text: bytes) -> dict[str, Any]:
    """Read a file. Raises ValueError with one line of explanation."""
    if len(text) > MAX_TOML:
        raise ValueError(f"not readable: longer than {MAX_TOML} bytes")
    try:
        decoded = text.decode()
        if any(piece.count(".") > MAX_PARTS for piece in _BETWEEN_KEYS.split(decoded)):
            raise ValueError(f"not readable: more than {MAX_PARTS} dots in a row")
        return tomllib.loads(decoded)
    except UnicodeDecodeError as problem:
        raise ValueError(f"not UTF-8 at byte {problem.start + 1}") from None
    except RecursionError:
        raise ValueError("not readable: nested too deep") from None
    except tomllib.TOMLDecodeError as problem:
        raise ValueError(f"not TOML: {shorten(' '.join(str(problem).split()), 200)}") from None
