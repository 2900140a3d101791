"""A policy of one's own, as a difference: with a guard of its own, and without knocking."""

from dataclasses import replace

from fsm import MIMI, Facts, guard


@guard("the room is not public", fails="the room is public")
def room_is_not_public(facts: Facts) -> bool:
    """Who is banned from a public room comes back under another name."""
    return facts.join_rule != "public"


(BAN,) = (row for row in MIMI.transitions if row.id == "ban")

CALM = MIMI.evolve(
    "calm",
    drop=["knock", "reknock"],
    replace=[replace(BAN, guards=(*BAN.guards, room_is_not_public))],
)
