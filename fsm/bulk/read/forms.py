"""Changes that are written alike, found many at once.

Theory of operation. Most lines of a log are changes, and most of these have the same fields in the same order, so that
they differ in some words only. The *form* of a change is its text with these words left open. What reading makes of one
line it makes of all that have its form, with their words in place of its own: the syntax of the family says what would
make another question of a change, and that nothing else makes a difference (`fsm.syntax`). So the form of a line that
has been read is kept, and a regular expression finds the lines of this form in a block, and takes their words out.
The words are strings without escapes, and whole numbers that are not long: such a line is JSON whatever they are.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from fsm.bulk.decide.columns import looks_up
from fsm.bulk.read import layout
from fsm.policies import Rules, policies_of, shapes_of, syntax_of

Path: TypeAlias = tuple[str | None, ...]
"""The keys under which a value stands in an event; None for a place in an array."""

COLUMNS = (layout.ROOM, layout.EVENT_ID, layout.SENDER, layout.TARGET, layout.ACTION)
"""The columns that a form has words for."""

_MOST = 4
"""So many forms are looked for: those that came up most."""

_AT_ONCE = 4
"""With more groups, an expression takes several times as long."""

_LONGEST = 2**10
"""Longer texts have forms for which an expression would take too much memory."""

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"[ \t\r]*:)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?[0-9][0-9.eE+-]*)'
    r"|(?P<open>[{\[])|(?P<close>[}\]])|[^\"0-9{}\[\]-]+"
)
_LETTERS = r'[^"\\\x00-\x1f]'
_NUMBER = "-?(?:0|[1-9][0-9]{0,14})"


class Form(NamedTuple):
    """How some changes are written: their type, and the text in pieces, those that are words with their column."""

    type: str
    pieces: tuple[tuple[str | None, str], ...]

    def find(self, lines: pa.Array) -> dict[str, pa.Array]:
        """By column the words of the lines that have this form, null for others."""
        names = [name for name, _ in self.pieces if name is not None]
        found: dict[str, pa.Array] = {}
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            found |= dict(zip(some, pc.extract_regex(lines, self._expression(some)).flatten(), strict=True))
        return found

    def _expression(self, names: Sequence[str]) -> str:
        return f"^{''.join(f'(?P<{name}>{text})' if name in names else text for name, text in self.pieces)}\n$"


class Forms:
    """The forms of the changes in a log, for these policies. `row_of` is what reading makes of an event by itself."""

    def __init__(self, policies: Sequence[Rules], row_of: Callable[[Any], Mapping[str, Any]]) -> None:
        self._row_of = row_of
        self._counts = Counter[Form]()
        some = [policies_of(rules)[0] for rules in policies]
        syntaxes = [syntax_of(policy) for policy in some]
        # What else a change holds may make a difference, or rooms are asked about every event.
        self._are_none = not all(map(looks_up, policies)) or any(each.facts or not each.takes_more for each in syntaxes)
        # What has no room may be of the one that was created last.
        self._are_named = shapes_of(policies[0]).naming is not None
        ours = ("room_id", "event_id", "sender", syntaxes[0].target, syntaxes[0].action)
        self._names: Mapping[Path, str] = dict(zip(map(_path, ours), COLUMNS, strict=True))
        self._never = {_path(path) for each in syntaxes for path, kind in each.optional.items() if kind == "never"}
        self._actions = sorted({action.value for policy in some for action in policy.triggers})

    def usual(self) -> Sequence[Form]:
        """Those that came up most."""
        self._counts = Counter(dict(self._counts.most_common(_MOST)))
        return list(self._counts)

    def count(self, form: Form, lines: int) -> None:
        """Take note that so many lines have a form."""
        self._counts[form] += lines

    def learn(self, text: str, event: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        """Take note of the form of an event's text, if its row holds no more than the words of a change."""
        is_change = layout.ACTION in row and layout.EVENT_JSON not in row
        is_fit = is_change and len(text) <= _LONGEST and not self._are_none
        form = self._form(text, event, row) if is_fit else None
        if form is not None:
            self._counts[form] += 1

    def _form(self, text: str, event: Mapping[str, Any], row: Mapping[str, Any]) -> Form | None:
        """The form of a text; None where the row has a word that does not stand in it, or something is never there."""
        pieces: list[tuple[str | None, str]] = []
        found = {}
        for kind, token, path in _tokens(text):
            name = self._names.get(path) if kind == "text" else None
            if path in self._never:
                return None
            if name is not None:
                found[name] = json.loads(token)
                words = f"(?:{'|'.join(self._actions_like(event, path))})" if name == layout.ACTION else f"{_LETTERS}+"
                pieces += ((None, '"'), (name, words), (None, '"'))
            elif kind == "text" and path != ("type",) and "\\" not in token:
                pieces.append((None, f'"{_LETTERS}*"'))
            elif kind == "number" and re.fullmatch(_NUMBER, token):
                pieces.append((None, _NUMBER))
            else:
                pieces.append((None, re.escape(token)))
        is_all = found == {name: row[name] for name in COLUMNS if row[name] is not None}
        is_whole = layout.ROOM in found or not self._are_named
        return Form(row[layout.TYPE], tuple(pieces)) if is_all and is_whole else None

    def _actions_like(self, event: Mapping[str, Any], path: Path) -> Iterator[str]:
        """The actions that the event could ask for instead."""
        row = self._row_of(event)
        for action in self._actions:
            if self._row_of(_with(event, path, action)) == {**row, layout.ACTION: action}:
                yield re.escape(action)


def _tokens(text: str) -> Iterator[tuple[str | None, str, Path]]:
    """The pieces of a JSON text: of what kind each is, and where in the value it stands."""
    around: list[str | None] = []
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "key":
            around[-1] = json.loads(token[: token.rindex('"') + 1])
        elif kind == "close":
            around.pop()
        yield kind, token, tuple(around)
        if kind == "open":
            around.append(None)


def _path(path: str) -> Path:
    return tuple(path.split("."))


def _with(event: Mapping[str, Any], path: Path, word: str) -> Mapping[str | None, Any]:
    """The event with another word in a place."""
    key, *inside = path
    return {**event, key: _with(event[key], tuple(inside), word) if inside else word}  # type: ignore[index,dict-item]
