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
| `names_states` | whether the word at `destination` names the state, whatever the rows say | no |
| `facts` | by fact about the event: its path; by default it is plain, or the only value that the action has | none |
| `reason` | the path of the reason, in words; none where reasons are not read | `content.reason` |
| `optional` | by path: what else a change may hold (see below) | `room_id`, `event_id` |
| `takes_more` | whether the content of a change may hold anything else, and be the same question | no |
| `creation` | the type of the event with which a room begins | no such event |
| `users` | what a user id looks like, as a pattern that Python and JavaScript know | anything |
| `longest_user` | the most bytes that a user id has | any that can be read |
| `shapes` | what logs look like (`fsm.shapes.Shapes`) | events, in lines or arrays |

What is `optional` is any `text`, or a `name` that is not empty, and makes no difference;
or `never`, where it makes another question of the event.

Where a change leads where the event asks (`fsm.Asked`), the fact that holds the
destination is read at `destination`, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations, product
from typing import Any, NamedTuple, TypeAlias

from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import MAX_TEXT, checked_name, checked_text, describe
from fsm.facts import Value
from fsm.shapes import Shapes
from fsm.state import AnyState
from fsm.table import Table
from fsm.transition import Asked

JSON: TypeAlias = dict[str, Any]

KINDS = ("text", "name", "never")
"""What `optional` says of a path."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "title": (str,),
    "changes": (tuple,),
    **dict.fromkeys(("names_states", "takes_more"), (bool,)),
    **dict.fromkeys(("facts", "optional"), (Mapping,)),
    "creation": (str, type(None)),
    "users": (str,),
    "longest_user": (int,),
    "shapes": (Shapes, type(None)),
}
"""What the parts of a syntax are."""

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


@dataclass(frozen=True, eq=False, kw_only=True)
class Syntax:
    """How changes are written and read (see the module). Raises `DefinitionError` for a path that is none."""

    title: str
    changes: tuple[str, ...]
    action: str = "content.action"
    target: str = "state_key"
    destination: str = ""
    names_states: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = "content.reason"
    optional: Mapping[str, str] = field(default_factory=lambda: {"room_id": "name", "event_id": "name"})
    takes_more: bool = False
    creation: str | None = None
    users: str = ""
    longest_user: int = 4 * MAX_TEXT
    shapes: Shapes | None = None

    def __post_init__(self) -> None:
        """Refuse what would go wrong only when an event comes."""
        self._check_kinds()
        if not self.changes or not all(type(word) is str and word for word in self.changes):
            raise DefinitionError("syntax: `changes` must name at least one event type")
        if not self.destination:
            object.__setattr__(self, "destination", self.action)
        reason = () if self.reason is None else (self.reason,)
        for path in (self.action, self.target, self.destination, *reason, *self.facts.values(), *self.optional):
            parts = path.split(".") if type(path) is str else [""]
            is_fit = parts[0] == "content" if len(parts) > 1 else path in self.optional or path in _TOP
            if not is_fit or not all(parts) or path in _FIXED:
                raise DefinitionError(f"syntax: `{shorten(str(path))}` is no path to what an event may hold")
        self._check_places()
        for path, kind in self.optional.items():
            if kind not in KINDS:
                raise DefinitionError(f"syntax: `{shorten(path)}` can hold {', '.join(KINDS)}, not {kind!r}")
        try:
            re.compile(self.users)
        except re.error as problem:
            raise DefinitionError(f"syntax: `users` is no pattern: {problem}") from None

    def _check_kinds(self) -> None:
        """Refuse parts of another type."""
        for name, kinds in _KINDS.items():
            if not isinstance(getattr(self, name), kinds):
                known = " or ".join(each.__name__ for each in kinds).replace("NoneType", "None")
                raise DefinitionError(f"syntax: `{name}` must be a {known}, not {type(getattr(self, name)).__name__}")

    def _check_places(self) -> None:
        """Refuse two that are read in one place."""
        reason = () if self.reason is None else (self.reason,)
        for one, other in permutations((self.action, self.target, *reason, *self.facts.values()), 2):
            if one == other or other.startswith(f"{one}."):
                raise DefinitionError(f"syntax: `{shorten(one)}` and `{shorten(other)}` are in the same place")

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
        return policy.derived(self._reader).read(event) if event["type"] in self.changes else None

    def _reader(self, policy: Table[Any]) -> "_Reader":
        return _Reader(self, policy)

    def write(self, policy: Table[Any], action: str, sender: str, target: str, **facts: Value) -> JSON:
        """The event that asks for a change, by its first type. Facts about the event that are not named are plain."""
        top = [path for path in (self.target, *self.facts.values()) if "." not in path]
        event: JSON = {"type": self.changes[0], "sender": sender, **dict.fromkeys(top), "content": {}}
        _put(event, self.target, target)
        _put(event, self.action, str(action))
        for name, path in self.paths(policy).items():
            values = _choices(policy, action, name)
            plain = policy.domain.plain[name]
            value = facts.get(name, plain if plain in values else values[0])
            _put(event, path, value if isinstance(value, bool) else value.value)
        return event

    def lead(self, event: JSON, word: str | int | None) -> None:
        """Let a change lead to the state of this word, known or not; None for a change that does not say."""
        *parents, name = self.destination.split(".")
        for parent in parents:
            event = event.setdefault(parent, {})
        event.pop(name, None)
        if word is not None:
            event[name] = word

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
        facts = {}
        for name, word in zip(names, told, strict=False):
            choices = _choices(policy, known, name)
            facts[name] = _value_of(_json_word(word, choices), self.paths(policy)[name], _words(choices))
        event = self.write(policy, action, sender, target, **facts)
        for path in ("sender", self.target):
            checked_name(_at(event, path), path)
        if reason is not None and self.reason is not None:
            _put(event, self.reason, reason)
        return event

    def paths(self, policy: Table[Any]) -> Mapping[str, str]:
        """By fact about the event: where it stands."""
        asked = (row.dest.fact for row in policy.transitions if isinstance(row.dest, Asked))
        return {**dict.fromkeys(asked, self.destination), **self.facts}

    def forms(self, policy: Table[Any], action: str) -> Iterator[dict[str, Value]]:
        """The facts about the event in every way in which an action can be asked for."""
        names = [*self.paths(policy)]
        for values in product(*(_choices(policy, action, name) for name in names)):
            yield dict(zip(names, values, strict=True))

    def target_of(self, event: Mapping[str, Any]) -> Any:
        """Whom an event is about, malformed as it may be."""
        return _at(event, self.target, None)

    def action_of(self, event: Mapping[str, Any]) -> Any:
        """The action that an event names, malformed as it may be; None for an event of another type."""
        return _at(event, self.action, None) if event.get("type") in self.changes else None


class _Reader:
    """A syntax and a policy: what every action has to say, and with which words."""

    def __init__(self, syntax: Syntax, policy: Table[Any]) -> None:
        self._syntax = syntax
        self._actions = {action.value for action in policy.actions}
        paths = syntax.paths(policy)
        self._told = {
            action: tuple((name, path, _words(_choices(policy, action, name))) for name, path in paths.items())
            for action in self._actions
        }
        self._states = _words(policy.states) if syntax.names_states else {}
        self._dests = {
            action: _words(
                dict.fromkeys(
                    dest for row in policy.transitions if row.trigger == action for dest in policy.destinations(row)
                )
            )
            for action in self._actions
        }

    def read(self, event: Mapping[str, Any]) -> Change:
        """The change that an event asks for. Raises `EventError`."""
        syntax = self._syntax
        action = checked_name(_at(event, syntax.action), syntax.action)
        if action not in self._actions:
            raise EventError(syntax.action, f"`{shorten(action)}` is not one of {', '.join(sorted(self._actions))}")
        facts = {}
        for name, path, words in self._told[action]:
            word = _at(event, path, None)
            if word is None and len(words) == 1:
                (facts[name],) = words.values()  # the action has no other
            elif word is not None or path == syntax.destination:
                facts[name] = _value_of(word, path, words)
        dests = self._dests[action]
        word = _at(event, syntax.destination, None)
        dest = {**dests, **self._states}.get((type(word), word)) if type(word) in (str, int) else None
        if dest is None and len(dests) == 1:
            (dest,) = dests.values()
        reason = None if syntax.reason is None else _at(event, syntax.reason, None)
        sender, target = self._user(event, "sender"), self._user(event, syntax.target)
        return Change(
            action, sender, target, facts, dest, None if reason is None else checked_text(reason, str(syntax.reason))
        )

    def _user(self, event: Mapping[str, Any], path: str) -> str:
        user = checked_name(_at(event, path), path)
        if not self._syntax.is_user(user):
            raise EventError(path, f"`{shorten(user)}` is no user id")
        return user


def _choices(policy: Table[Any], action: str, name: str) -> tuple[Value, ...]:
    """The values that a fact can have in an event that asks for an action."""
    limits = policy.carries.get(action, {})  # type: ignore[call-overload]  # a word will do
    values: tuple[Value, ...] = limits.get(name, policy.domain.values[name])
    return values


def _words(values: Iterable[Value]) -> dict[tuple[type, Any], Any]:
    """Values by what stands for them in JSON, and its type: 1 is not true."""
    words = ((value if isinstance(value, bool) else value.value, value) for value in values)
    return {(type(word), word): value for word, value in words}


def _value_of(word: object, path: str, words: Mapping[tuple[type, Any], Any]) -> Any:
    """The value that a word of JSON stands for. Raises `EventError`."""
    if type(word) in (str, int, bool) and (type(word), word) in words:
        return words[type(word), word]
    given = f"`{shorten(str(word))}`" if type(word) in (str, int) else describe(word)
    known = ", ".join(str(each).lower() if each_type is bool else str(each) for each_type, each in words)
    raise EventError(path, "is missing" if word is None else f"{given} is not one of {known}")


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
