"""The section of a draft on what holders of each role may do, in sentences, out of a policy of roles.

Who may do what to whom comes from the policy's reach, and what else must hold from the guards of its rows: those that
hang on who acts are in the reach already.
"""

from collections.abc import Iterator
from typing import Any

from fsm.facts import Subject
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.render.formats.rfc import ladders_figure, prefix_of
from fsm.render.ladders import Ladders, Lane, ladders_of
from fsm.render.words.label import capital, clean
from fsm.render.words.markdown import code, demand, escaped, listed
from fsm.state import AnyState


def role_parts(policy: AnyPolicy, head: str, prefix: str | None) -> Iterator[str]:
    """The paragraphs of the section. Raises `RenderError` where the policy has too many roles for a picture."""
    prefix, ladders = prefix_of(policy.id, prefix), ladders_of(policy)
    figure = ladders_figure(ladders, None, prefix, only_self=False)
    yield f"{head} Legal Transitions {{#sec-{prefix}-transitions}}"
    roles = listed([code(ladders.names[state]) for state in reversed(ladders.rungs)])
    yield (
        f"A user has one of the following roles: {roles}. {{{{fig-{prefix}}}}} shows who may do what to whom. A change "
        "of participants that is not permitted below MUST be rejected."
    )
    yield figure.rstrip()
    for by, lanes in ladders.panels():
        yield f"{head}# What {escaped(clean(ladders.who(by)))} can do"
        yield "\n".join(f"* {_sentence(ladders, by, lane)}" for lane in lanes)
    yield f"{head} Conditions {{#sec-{prefix}-conditions}}"
    for row in policy.transitions:
        demands = [capital(demand(guard)) for guard in row.guards if not _is_of_who_acts(guard)]
        if demands and any(each.verb == row.id for each in policy.reach):
            yield f"For {code(row.id)}:"
            yield "\n".join(f"* {each}." for each in demands)


def _sentence(ladders: Ladders, by: AnyState, lane: Lane) -> str:
    who = "An outsider" if by == ladders.initial else f"A sender in the role {code(ladders.names[by])}"
    dest = "" if lane.dest is None else code(ladders.names[lane.dest])
    if lane.is_self:
        return f"{who} MAY {code(lane.verb)}{dest and f', and then has the role {dest}'}."
    others = listed([code(ladders.names[state]) for state in lane.sources], "or")
    return f"{who} MAY {code(lane.verb)} a user in the role {others}{dest and f', who then has the role {dest}'}."


def _is_of_who_acts(guard: Guard[Any]) -> bool:
    """Whether the reach tells it already: it hangs on role definitions, or on whether senders act on themselves."""
    return hasattr(guard.test, "table") or (guard.norm is not None and guard.norm.subject is Subject.PAIR)
