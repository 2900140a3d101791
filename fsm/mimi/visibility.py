"""Who sees which event: the rules of history visibility, and their guards.

What counts is the visibility rule in force when the event was sent, and where the
viewer stood then and later. A change of the rule never reaches back.

Spec: "Event/History Visibility" (-00 7)
"""

from dataclasses import dataclass

from fsm.guards import guard
from fsm.participation import draft
from fsm.participation.terms import Participation, Visibility
from fsm.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewFacts:
    """All that a guard may know about one user looking at one event."""

    is_state: bool
    visibility: Visibility
    viewer: Participation
    """Where the viewer stood when the event was sent."""
    joined_later: bool


@guard("it is a state event", fails="it is no state event", says=[draft.STATE_IS_VISIBLE])
def event_is_state(facts: ViewFacts) -> bool:
    """State events are always visible."""
    return facts.is_state


@guard(
    "the history was visible to the world", fails="the history was not visible to the world", says=[draft.SEEN_BY_WORLD]
)
def history_is_for_world(facts: ViewFacts) -> bool:
    """The rule was `world`."""
    return facts.visibility is Visibility.WORLD


@guard("the history was shared", fails="the history was not shared", says=[draft.SEEN_BY_LATER])
def history_is_shared(facts: ViewFacts) -> bool:
    """The rule was `shared`."""
    return facts.visibility is Visibility.SHARED


@guard(
    "the history was visible to the invited",
    fails="the history was not visible to the invited",
    says=[draft.SEEN_BY_INVITED],
)
def history_is_for_invited(facts: ViewFacts) -> bool:
    """The rule was `invited`."""
    return facts.visibility is Visibility.INVITED


@guard("the viewer was joined then", fails="the viewer was not joined then", says=[draft.SEEN_BY_JOINED])
def viewer_was_joined(facts: ViewFacts) -> bool:
    """The viewer was in the joined state when the event was sent."""
    return facts.viewer is Participation.JOIN


@guard("the viewer was invited then", fails="the viewer was not invited then", says=[draft.SEEN_BY_INVITED])
def viewer_was_invited(facts: ViewFacts) -> bool:
    """The viewer was in the invited state when the event was sent."""
    return facts.viewer is Participation.INVITE


@guard("the viewer joined later", fails="the viewer has not joined since", says=[draft.SEEN_BY_LATER])
def viewer_joined_later(facts: ViewFacts) -> bool:
    """The viewer was in the joined state at any point after the event was sent."""
    return facts.joined_later


# The order matters to nothing but the words: of rules equally near, the first gives the reason.
VIEWS = (
    Rule("shared", (history_is_shared, viewer_joined_later), clause="-00 7"),
    Rule("invited", (history_is_for_invited, viewer_was_invited), clause="-00 7"),
    Rule("joined", (viewer_was_joined,), clause="-00 7"),
    Rule("world", (history_is_for_world,), clause="-00 7"),
    Rule("state", (event_is_state,), clause="-00 7"),
)
