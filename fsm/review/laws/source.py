"""Where laws come from: the title of a section, or what a specification says, quoted."""

from dataclasses import dataclass

from fsm.quotes import Quote


@dataclass(frozen=True, slots=True)
class Source:
    """The section that a law comes from, and its sentences; a law that is ours, these do not state."""

    title: str
    quotes: tuple[Quote, ...] = ()
    is_ours: bool = False


def stated(*quotes: Quote) -> Source:
    """The specification states the law, by these sentences."""
    return Source(quotes[0].section, quotes)


def ours(*quotes: Quote) -> Source:
    """The specification is silent: the law is ours, and these sentences are the closest that it has."""
    return Source(quotes[0].section, quotes, is_ours=True)


def source_of(clause: str | Source) -> Source:
    """The source of a law of one's own, for which the title of a section is enough."""
    return Source(clause) if isinstance(clause, str) else clause
