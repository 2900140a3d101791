"""A law of one's own, for `fsm verify mimi --laws examples/review/house.py`."""

from fsm import Decision
from fsm.participation.facts import Facts
from fsm.review.laws import Severity, law


@law("Nobody is banned from a public room", Severity.LOW, clause="House rules", reads=["join_rule"])
def public_rooms_ban_nobody(action: str, facts: Facts, decision: Decision) -> bool:
    """Whether a decision keeps it."""
    return not (action == "ban" and decision.allowed and facts.join_rule == "public")
