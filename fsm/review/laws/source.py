"""Where laws come from: a section of a document, and its sentences, quoted."""

from dataclasses import dataclass
from typing import NamedTuple


class Quote(NamedTuple):
    """A sentence of a document, and the title of the section in which it stands."""

    document: str
    section: str
    sentence: str

    def __str__(self) -> str:
        return f'{self.document}, "{self.section}": “{self.sentence}”'


@dataclass(frozen=True, slots=True)
class Source:
    """The section that a law comes from, and its sentences; a law that is ours, these do not state."""

    title: str
    quotes: tuple[Quote, ...] = ()
    is_ours: bool = False


def stated(*quotes: Quote) -> Source:
    """The document states the law, by these sentences."""
    return Source(quotes[0].section, quotes)


def ours(*quotes: Quote) -> Source:
    """The document is silent: the law is ours, and these sentences are the closest that it has."""
    return Source(quotes[0].section, quotes, is_ours=True)


def source_of(clause: str | Source) -> Source:
    """The source of a law of one's own, for which the title of a section is enough."""
    return Source(clause) if isinstance(clause, str) else clause
