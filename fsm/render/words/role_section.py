"""The section of a draft on what holders of each role may do, in sentences, out of a policy of roles.

Who may do what to whom comes from the policy's reach, and what else must hold from the guards of its rows: those that
hang on who acts are in the reach already.
"""

from collections.abc import Iterator
from typing import Any

from fsm.facts import Subject
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.render.formats.rfc import ladders_figure, prefix_of_policy
from fsm.render.ladders import Lane, panels_of, rungs_of
from fsm.render.words.label import clean
from fsm.render.words.markdown import escaped
from fsm.state import AnyState


def role_parts(policy: AnyPolicy, head: str, prefix: str | None) -> Iterator[str]:
    """The paragraphs of the section. Raises `RenderError` where the policy has too many roles for a picture."""
    prefix = prefix_of_policy(policy, prefix)
    figure = ladders_figure(policy, None, prefix, only_self=False)
    yield f"{head} Legal Transitions {{#sec-{prefix}-transitions}}"
    roles = _listed([_code(policy.labels[state]) for state in reversed(rungs_of(policy))])
    yield (
        f"A user has one of the following roles: {roles}. {{{{fig-{prefix}}}}} shows who may do what to whom. A change "
        "of participants that is not permitted below MUST be rejected."
    )
    yield figure.rstrip()
    for by, lanes in panels_of(policy):
        who = "outsiders" if by == policy.initial else policy.labels[by]
        yield f"{head}# What {escaped(clean(who))} can do"
        yield "\n".join(f"* {_sentence(policy, by, lane)}" for lane in lanes)
    yield f"{head} Conditions {{#sec-{prefix}-conditions}}"
    for row in policy.transitions:
        demands = [_demand(guard) for guard in row.guards if not _is_of_who_acts(guard)]
        if demands and any(each.verb == row.id for each in policy.reach):
            yield f"For {_code(row.id)}:"
            yield "\n".join(f"* {demand}." for demand in demands)


def _sentence(policy: AnyPolicy, by: AnyState, lane: Lane) -> str:
    who = "An outsider" if by == policy.initial else f"A sender in the role {_code(policy.labels[by])}"
    if lane.is_self:
        to = "" if lane.dest is None else f", and then has the role {_code(policy.labels[lane.dest])}"
        return f"{who} MAY {_code(lane.verb)}{to}."
    to = "" if lane.dest is None else f", who then has the role {_code(policy.labels[lane.dest])}"
    others = _listed([_code(policy.labels[state]) for state in lane.sources], "or")
    return f"{who} MAY {_code(lane.verb)} a user in the role {others}{to}."


def _is_of_who_acts(guard: Guard[Any]) -> bool:
    """Whether the reach tells it already: it hangs on role definitions, or on whether senders act on themselves."""
    return hasattr(guard.test, "table") or (guard.norm is not None and guard.norm.subject is Subject.PAIR)


def _demand(guard: Guard[Any]) -> str:
    if guard.norm is None:
        return f"It is REQUIRED that {escaped(clean(guard.holds))}"
    return f"The {guard.norm.subject.value} MUST {guard.norm.do}"


def _code(word: str) -> str:
    shown = clean(word)
    return f"`{shown}`" if shown and not set("`|\\\n") & set(shown) else f"*{escaped(shown)}*"


def _listed(words: list[str], last: str = "and") -> str:
    if len(words) < 3:  # noqa: PLR2004 - the number from which on there are commas
        return f" {last} ".join(words)
    return f"{', '.join(words[:-1])}, {last} {words[-1]}"
