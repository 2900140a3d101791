"""States of a policy, and how people see them.

A state is a member of a `StrEnum`. Where the states are data, as the roles of a room
that defines its own, it is a `State`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from fsm.errors import DefinitionError
from fsm.record import Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class State(Record):
    """A state that is data: `word` stands for it in JSON, `label` is what people call it.

    Equal words are equal states, whatever they are called. Raises `DefinitionError` for
    a word that is neither a text nor a whole number from 0 up.
    """

    word: str | int
    label: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Refuse what cannot stand in JSON."""
        is_number = type(self.word) is int and self.word >= 0
        if not (is_number or (type(self.word) is str and self.word)) or type(self.label) is not str:
            raise DefinitionError(f"a state is a text or a whole number from 0 up, and a label: not {self!r}")

    @property
    def value(self) -> str | int:
        """Its word, by the name that members of an enumeration have for theirs."""
        return self.word

    def __hash__(self) -> int:
        return hash(self.word)  # for every event it is looked up where users of a state are

    def __str__(self) -> str:
        return str(self.word)

    def __format__(self, layout: str) -> str:
        return format(str(self.word), layout)


AnyState: TypeAlias = StrEnum | State


class Tone(StrEnum):
    """What a state means for whoever is in it, as far as pictures tell it."""

    PLAIN = "plain"
    MEMBER = "member"
    OUTSIDE = "outside"
    BARRED = "barred"


class Display(NamedTuple):
    """How people see a state: the label in place of its word, if any, its tone, and its names in sentences.

    "The *joined* state" is such a sentence (`prose`), and "into or out of *a ban*" (`noun`); by default the
    label stands there.
    A policy lists its states' displays in the order in which people look at the states.
    """

    label: str = ""
    tone: Tone = Tone.PLAIN
    prose: str = ""
    noun: str = ""


PLAIN = Display()
"""The display of a state for which a policy declares none."""


def label_of(state: AnyState, display: Display = PLAIN) -> str:
    """What people call a state, which need not be unique."""
    return display.label or (state.label if isinstance(state, State) else "") or str(state.value)
