"""What can go wrong, as opposed to what is refused.

A refusal is an ordinary answer (`fsm.Decision`). An exception means that the
input could not be understood at all, and that nothing has changed.
"""

from typing import Any

HALF_PAIR = "not readable: a text holds half of a surrogate pair"
"""What is said of texts that are no Unicode, whoever finds them."""


class PolicyError(Exception):
    """The root of all errors that this package raises on purpose.

    Every message is one line that names the place. All of them can be pickled and copied.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        # Python would call the class with the message, which is not what ours take.
        return _restored, (type(self), self.args, vars(self))


def _restored(kind: type[PolicyError], arguments: tuple[Any, ...], attributes: dict[str, Any]) -> PolicyError:
    error = kind.__new__(kind, *arguments)
    vars(error).update(attributes)
    return error


class DefinitionError(PolicyError):
    """A policy contradicts itself, or there is no such policy."""


class EventError(PolicyError):
    """An event cannot be read.

    `field` is the path of the part at fault, such as `content.participation`;
    it is empty when the event as a whole is at fault.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"`{field}`: {problem}" if field else problem)

    def within(self, place: str) -> "EventError":
        """The same error, seen from outside: `field` starts at `place`."""
        separator = "." if self.field else ""
        return EventError(f"{place}{separator}{self.field}", self.problem)


class RevisionError(PolicyError):
    """A change was prepared for a room at revision `expected`, and the room is at `found`."""

    def __init__(self, expected: int, found: int) -> None:
        self.expected = expected
        self.found = found
        super().__init__(f"the change is for revision {expected} of the room, which is at {found}")


class ObserverError(PolicyError):
    """A change stands, but some of those who were told of it, or of what followed from it, failed.

    `change` is what was sent, `decision` the answer to it, and `errors` is what was
    raised, in the order of telling; each says in a note of which revision it was told.
    """

    def __init__(self, change: Any, errors: tuple[BaseException, ...]) -> None:
        self.change = change
        self.decision = change.decision
        self.errors = errors
        first = " ".join(f"{type(errors[0]).__name__}: {errors[0]}".split())
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        super().__init__(f"an observer failed after revision {change.revision}: {shorten(first, 200)}{more}")


class StoreError(PolicyError):
    """A store cannot be opened, or its database fails.

    Nothing has changed in memory. What was sent may nevertheless be stored, where the connection
    was lost before the database could say so: sent again, an event with an id gets its first answer.
    """


class MissingEventError(EventError):
    """An event cites another, of the id `event_id`, that is nowhere given."""

    def __init__(self, field: str, event_id: str) -> None:
        self.event_id = event_id
        super().__init__(field, f"`{shorten(event_id)}` is nowhere given")

    def within(self, place: str) -> "MissingEventError":
        """The same error, seen from outside."""
        return MissingEventError(f"{place}.{self.field}", self.event_id)


class DecodeError(PolicyError):
    """Bytes are not what they should be.

    `offset` is where the part at fault begins, counted from 0; `field` is its
    path, such as `roles[2].order`, and empty when the bytes as a whole are at
    fault.
    """

    def __init__(self, offset: int, field: str, problem: str) -> None:
        self.offset = offset
        self.field = field
        self.problem = problem
        super().__init__(f"byte {offset}: `{field}`: {problem}" if field else f"byte {offset}: {problem}")


class ReplayError(PolicyError):
    """A log cannot be read at `line` (counted from 1; 0 for the log as a whole).

    `event` says which of the events in the line it is, counted from 1, where there may be many.
    """

    def __init__(self, line: int, problem: str, event: int | None = None) -> None:
        self.line = line
        self.problem = problem
        self.event = event
        place = f"line {line}" if event is None else f"line {line}, event {event}"
        super().__init__(f"{place}: {problem}" if line else problem)


def counted(number: int, thing: str) -> str:
    """How many there are of something, in words: `no findings`, `1 finding`, `2 findings`."""
    return f"{f'{number:,}' if number else 'no'} {thing}{'' if number == 1 else 's'}"


def needs(what: str, library: str | None, extra: str) -> str:
    """What is said where a library is missing that comes with an extra of this package."""
    return f"{what} needs {library}: pip install 'mimi-fsm[{extra}]'"


def in_words(problem: OSError) -> str:
    """What the system says of a file, in one line: `path: no such file or directory`."""
    where = f"{shorten(str(problem.filename), 500)}: " if problem.filename else ""
    return f"{where}{(problem.strerror or ' '.join(str(problem).split())).lower()}"


def shorten(given: str, most: int = 60) -> str:
    """Somebody else's text, fit to stand in a one-line message."""
    printable = given if given.isprintable() else given.encode("unicode_escape").decode()
    return printable if len(printable) <= most else f"{printable[:most]}…"
