"""A log that has been judged, as data that the page plays back.

Theory of operation. The page knows the answers for its own rooms only: in a log from
elsewhere, roles are dealt and settings changed as nobody has foreseen. So the log is run
here, and every change is written down with the facts under which it was judged, from
which the page looks up the rest. What is no change, or was refused for a reason that is
none of the policy's rows, is written down in words, with whoever it moved.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fsm.errors import EventError, ReplayError, shorten
from fsm.family import AnyPolicy
from fsm.json_lines import Line
from fsm.log import Outcome, Replay
from fsm.memory import memory_of
from fsm.policies import action_of, room_of, scenario_of, target_of
from fsm.render.explorer.table import Numbered
from fsm.unrecorded import unrecorded

JSON: TypeAlias = dict[str, Any]


@dataclass
class _Reel:
    """One room of the log: who takes part, and what has happened so far."""

    users: Numbered[str] = field(default_factory=Numbered)
    cases: Numbered[tuple[int, ...]] = field(default_factory=Numbered)
    events: list[list[Any]] = field(default_factory=list)
    standing: dict[str, Any] = field(default_factory=dict)


@unrecorded()
def record(policy: AnyPolicy, name: str, lines: Iterable[Line], facts: tuple[str, ...]) -> list[JSON]:
    """What a log comes to, room by room. `facts` are their names in the order of the table.

    An event is `[sender, action, target, case]`, each by its place, or `[words, moves]`.
    Raises `ReplayError` when a log is named and nothing of it can be played.
    """
    run, reels = Replay(policy), dict[str | None, _Reel]()
    problem: ReplayError | None = None
    for line in lines:
        judged = _facts(policy, run, line)
        (outcome,) = run.run([line])
        problem = problem or outcome.error
        reel = reels.setdefault(outcome.room_id, _Reel())
        now = run.rooms[outcome.room_id].participations() if outcome.room_id in run.rooms else {}
        if judged is None:
            reel.events.append([_words(outcome), _moves(policy, reel, now)])
        else:
            digits = tuple(policy.domain.values[name].index(getattr(judged, name)) for name in facts)
            sender, target = (reel.users[user] - 1 for user in (line.value["sender"], target_of(policy, line.value)))
            action = policy.triggers.index(_action(policy, line.value))
            reel.events.append([sender, action, target, reel.cases[digits] - 1])
        reel.standing = now
    played = {room_id: reel for room_id, reel in reels.items() if reel.users}
    if name and not played:
        raise problem or ReplayError(0, "nobody takes part in any room of the log")
    return [
        {
            "name": f"{name}: {shorten(room_id)}" if room_id else name,
            "users": list(reel.users),
            "cases": list(reel.cases),
            "events": reel.events,
        }
        for room_id, reel in played.items()
    ]


def _facts(policy: AnyPolicy, run: Replay, line: Line) -> Any:
    """The facts under which a change will be judged; None for anything that they do not explain."""
    event = line.value
    room = run.rooms.get(room_of(policy, event)) if type(event) is dict and not line.is_state else None
    if room is None or scenario_of(policy) is None or not run.judges(line):
        return None
    try:
        decision = room.decide(event)
    except EventError:
        return None
    rows = {row.id for row in policy.transitions}
    if decision.before is None or not all(refusal.transition in rows for refusal in decision.refusals):
        return None
    facts = room.facts_of(event)
    return facts if memory_of(policy).machine.decide(_action(policy, event), facts) == decision else None


def _action(policy: AnyPolicy, event: JSON) -> Any:
    return next(action for action in policy.triggers if action.value == action_of(policy, event))


def _words(outcome: Outcome) -> str:
    if outcome.event is None or outcome.decision is None:
        return shorten(str(outcome.error), 200)
    said = outcome.decision.reason or ("allowed" if outcome.decision.allowed else "rejected")
    verdict = "" if outcome.decision.allowed else "rejected: "
    return f"{outcome.where}: {shorten(outcome.event.sender)}, {shorten(outcome.asked)}: {verdict}{said}"


def _moves(policy: AnyPolicy, reel: _Reel, now: dict[str, Any]) -> list[list[int]]:
    """Whoever is somewhere else than before."""
    moved = [user for user in {**reel.standing, **now} if reel.standing.get(user) is not now.get(user)]
    return [[reel.users[user] - 1, policy.states.index(now.get(user, policy.initial))] for user in moved]
