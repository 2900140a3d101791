"""How the events of a protocol are written and read: a `Syntax`.

Every event is an object of JSON with a `type`, a `sender` and a `content`; one of the
state has a `state_key`. A *path* says where something stands in an event: the names of
the objects around it, and its own, with dots between them, such as `content.item.role`.

| field | says | by default |
| --- | --- | --- |
| `title` | what the protocol is called | |
| `changes` | the event types that carry a change, the one to write first | |
| `action` | the path of the action | `content.action` |
| `target` | the path of the user whom a change is about | `state_key` |
| `destination` | the path of the state to which a change leads | that of the action |
| `facts` | by fact about the event: its path; what does not stand there is plain | none |
| `reason` | the path of the reason, in words | `content.reason` |
| `optional` | by path: what else a change may hold and still be the same question: any `text`, a `name` that is not empty; or `never`, where it is another question then | `room_id`, `event_id` |
| `creation` | the type of the event with which a room begins | no such event |
| `users` | what a user id looks like, as a pattern that Python and JavaScript know | anything |
| `longest_user` | the most bytes that a user id has | any that can be read |
| `shapes` | what logs look like (`fsm.shapes.Shapes`) | events, in lines or arrays |

Where a change leads where the event asks (`fsm.Asked`), the fact that holds the
destination is read at `destination`, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import MAX_TEXT, checked_name, checked_text, describe
from fsm.facts import Value
from fsm.shapes import Shapes
from fsm.state import AnyState
from fsm.table import Asked, Table

JSON: TypeAlias = dict[str, Any]

KINDS = ("text", "name", "never")
"""What `optional` says of a path."""

_FIXED = ("type", "sender", "content")
_TOP = ("state_key", "room_id", "event_id")


class Change(NamedTuple):
    """A change that an event asks for. `facts` are those that the event itself tells."""

    action: str
    sender: str
    target: str
    facts: Mapping[str, Value]
    dest: AnyState | None
    """Where it leads if it is taken as it stands; None where the event does not say."""
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Syntax:
    """How changes are written and read (see the module). Raises `DefinitionError` for a path that is none."""

    title: str
    changes: tuple[str, ...]
    action: str = "content.action"
    target: str = "state_key"
    destination: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: str = "content.reason"
    optional: Mapping[str, str] = field(default_factory=lambda: {"room_id": "name", "event_id": "name"})
    creation: str | None = None
    users: str = ""
    longest_user: int = 4 * MAX_TEXT
    shapes: Shapes | None = None

    def __post_init__(self) -> None:
        """Refuse what would go wrong only when an event comes."""
        if not self.changes or not all(type(word) is str and word for word in self.changes):
            raise DefinitionError("syntax: `changes` must name at least one event type")
        if not self.destination:
            object.__setattr__(self, "destination", self.action)
        for path in (self.action, self.target, self.destination, self.reason, *self.facts.values(), *self.optional):
            parts = path.split(".") if type(path) is str else [""]
            is_fit = parts[0] == "content" if len(parts) > 1 else path in self.optional or path in _TOP
            if not is_fit or not all(parts) or path in _FIXED:
                raise DefinitionError(f"syntax: `{shorten(str(path))}` is no path to what an event may hold")
        for path, kind in self.optional.items():
            if kind not in KINDS:
                raise DefinitionError(f"syntax: `{shorten(path)}` can hold {', '.join(KINDS)}, not {kind!r}")
        try:
            re.compile(self.users)
        except re.error as problem:
            raise DefinitionError(f"syntax: `users` is no pattern: {problem}") from None

    @cached_property
    def logs(self) -> Shapes:
        """What logs look like."""
        return self.shapes or Shapes(title=self.title, creation=self.creation, types=frozenset(self.changes))

    def is_user(self, text: object) -> bool:
        """Whether something can be the id of a user."""
        return (
            type(text) is str
            and 0 < len(text) <= MAX_TEXT
            and len(text.encode(errors="surrogatepass")) <= self.longest_user
            and re.search(self.users, text, re.DOTALL) is not None
        )

    def read(self, event: Mapping[str, Any], policy: Table[Any]) -> Change | None:
        """The change that a sound event asks for; None for one of another type. Raises `EventError`."""
        if event["type"] not in self.changes:
            return None
        actions = {action.value for trigger in policy.triggers for action in type(trigger)}
        action = checked_name(_at(event, self.action), self.action)
        if action not in actions:
            raise EventError(self.action, f"`{shorten(action)}` is not one of {', '.join(sorted(actions))}")
        users = {}
        for path in ("sender", self.target):
            users[path] = checked_name(_at(event, path), path)
            if not self.is_user(users[path]):
                raise EventError(path, f"`{shorten(users[path])}` is no user id")
        reason = _at(event, self.reason, None)
        return Change(
            action,
            users["sender"],
            users[self.target],
            {name: value for name, value in self._told(event, policy, action) if value is not None},
            self._dest(event, policy, action),
            None if reason is None else checked_text(reason, self.reason),
        )

    def write(self, policy: Table[Any], action: str, sender: str, target: str, **facts: Value) -> JSON:
        """The event that asks for a change, by its first type. Facts about the event that are not named are plain."""
        event: JSON = {"type": self.changes[0], "sender": sender, "content": {}}
        _put(event, self.target, target)
        _put(event, self.action, action)
        paths = self.paths(policy)
        limits = policy.carries.get(action, {})  # type: ignore[call-overload]  # a word will do
        for name, path in paths.items():
            values = limits.get(name, policy.domain.values[name])
            plain = policy.domain.plain[name]
            value = facts.get(name, plain if plain in values else values[0])
            _put(event, path, value if isinstance(value, bool) else value.value)
        return event

    def written(self, policy: Table[Any], words: str, sender: str, target: str, reason: str | None = None) -> JSON:
        """The event for an action in words: what it asks for follows it, after a blank each (`set outcast`).

        Raises `EventError` for what is no such action, or names no users.
        """
        names = [*self.paths(policy)]
        action, *told = words.split(" ") if isinstance(words, str) else [words]
        known = next((each for each in policy.triggers if each.value == action), None)
        if known is None or len(told) > len(names):
            actions = ", ".join(trigger.value for trigger in policy.triggers)
            raise EventError("action", f"`{shorten(str(words))}` is not one of {actions}, and what they ask for")
        values = (policy.carries.get(known, {}).get(name, policy.domain.values[name]) for name in names)
        facts = {
            name: _value_of(_json_word(word, choices), self.paths(policy)[name], choices)
            for name, word, choices in zip(names, told, values, strict=False)
        }
        event = self.write(policy, action, sender, target, **facts)
        for path in ("sender", self.target):
            checked_name(_at(event, path), path)
        if reason is not None:
            _put(event, self.reason, reason)
        return event

    def paths(self, policy: Table[Any]) -> Mapping[str, str]:
        """By fact about the event: where it stands."""
        asked = (row.dest.fact for row in policy.transitions if isinstance(row.dest, Asked))
        return {**dict.fromkeys(asked, self.destination), **self.facts}

    def forms(self, policy: Table[Any], action: str) -> Iterator[dict[str, Value]]:
        """The facts about the event in every way in which an action can be asked for."""
        names = [*self.paths(policy)]
        limits = policy.carries.get(action, {})  # type: ignore[call-overload]  # a word will do
        for values in product(*(limits.get(name, policy.domain.values[name]) for name in names)):
            yield dict(zip(names, values, strict=True))

    def target_of(self, event: Mapping[str, Any]) -> Any:
        """Whom an event is about, malformed as it may be."""
        return _at(event, self.target, None)

    def action_of(self, event: Mapping[str, Any]) -> Any:
        """The action that an event names, malformed as it may be; None for an event of another type."""
        return _at(event, self.action, None) if event.get("type") in self.changes else None

    def _told(self, event: Mapping[str, Any], policy: Table[Any], action: str) -> Iterable[tuple[str, Value | None]]:
        limits = policy.carries.get(action, {})  # type: ignore[call-overload]  # a word will do
        for name, path in self.paths(policy).items():
            word = _at(event, path, None)
            values = limits.get(name, policy.domain.values[name])
            yield name, None if word is None and path != self.destination else _value_of(word, path, values)

    def _dest(self, event: Mapping[str, Any], policy: Table[Any], action: str) -> AnyState | None:
        word = _at(event, self.destination, None)
        dests = {dest: None for row in policy.transitions if row.trigger == action for dest in policy.destinations(row)}
        found = (state for state in dests if type(state.value) is type(word) and state.value == word)
        return next(found, next(iter(dests)) if len(dests) == 1 else None)


def _value_of(word: object, path: str, values: Iterable[Value]) -> Value:
    """The value that stands for itself in JSON, or by its word. Raises `EventError`."""
    words = {value if isinstance(value, bool) else value.value: value for value in values}
    if type(word) in (str, int, bool) and word in words and type(word) is type(next(w for w in words if w == word)):
        return words[word]
    given = f"`{shorten(str(word))}`" if type(word) in (str, int) else describe(word)
    raise EventError(path, "is missing" if word is None else f"{given} is not one of {', '.join(map(str, words))}")


def _json_word(word: str, values: Iterable[Value]) -> object:
    """The JSON value that people write as this word, if it stands for any of the values; else the word itself."""
    words = (value if isinstance(value, bool) else value.value for value in values)
    return next((each for each in words if str(each).lower() == word), word)


_REQUIRED = object()


def _at(event: Mapping[str, Any], path: str, default: object = _REQUIRED) -> Any:
    """What stands at a path. Raises `EventError` where nothing does and there is no default."""
    value: Any = event
    for name in path.split("."):
        if type(value) is not dict or name not in value:
            if default is _REQUIRED:
                raise EventError(path, "is missing")
            return default
        value = value[name]
    return value


def _put(event: JSON, path: str, value: object) -> None:
    """Let something stand at a path."""
    *parents, name = path.split(".")
    for parent in parents:
        event = event.setdefault(parent, {})
    event[name] = value
