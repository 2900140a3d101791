"""All that the page's scripts know of a policy, as JSON.

Things refer to each other by their places in the lists of this document.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.family import AnyPolicy
from fsm.json_lines import Line
from fsm.policy import Asked, Transition
from fsm.render.diagram import Diagram
from fsm.render.explorer.picture import variable
from fsm.render.explorer.recording import record
from fsm.render.explorer.stage import stage_data
from fsm.render.explorer.table import Table, tabulate
from fsm.render.explorer.words import words_of
from fsm.render.layout.style import BOXES, line_of, lines_of
from fsm.state import AnyState

JSON: TypeAlias = dict[str, Any]
Places: TypeAlias = Mapping[str, int]


def page_data(policy: AnyPolicy, diagram: Diagram, name: str = "", log: Iterable[Line] = ()) -> JSON:
    """The policy, its table of answers, its picture, its room, and a log of this name that was played there."""
    table, words = tabulate(policy), words_of(policy)
    rows, guards = _places([row.id for row in policy.transitions]), _places([guard.name for guard in policy.guards])
    states = policy.states
    return {
        "policy": {"id": policy.id, "title": policy.title, "source": policy.source},
        "facts": [
            {**asdict(words[name]), "matters": name in table.matter, **_asked_for(policy, name)} for name in table.facts
        ],
        "telling": [policy.domain.values[name].index(value) for name, value in table.telling.items()],
        "actions": [
            {"word": action.value, "root": table.actions[action], "asked": table.asked[action]}
            for action in policy.triggers
        ],
        "guards": [{"name": guard.name, "holds": guard.holds, "fails": guard.fails} for guard in policy.guards],
        "rows": _rows(policy, table, guards),
        **_picture(policy, diagram, rows),
        "nodes": table.nodes,
        "possible": table.possible,
        "decisions": [_decision(decision, rows, guards, states) for decision in table.decisions],
        "failures": [[guards[guard.name] for guard in failed] for failed in table.failures],
        "initial": policy.states.index(policy.initial),
        "recordings": record(policy, name, log, table.facts),
        "stage": stage_data(policy, table.facts),
    }


def _rows(policy: AnyPolicy, table: Table, guards: Places) -> list[JSON]:
    return [
        {
            "id": row.id,
            "action": policy.triggers.index(row.trigger),
            "sources": [place for place, state in enumerate(policy.states) if state in row.source],
            # Where the event asks, `asks` is the fact that says where it leads.
            "dest": None if isinstance(row.dest, Asked) else policy.states.index(row.dest),
            "asks": table.facts.index(row.dest.fact) if isinstance(row.dest, Asked) else None,
            # The states that it is for, if not for all.
            "among": _among(policy, row),
            "clause": row.clause,
            "actor": policy.actors[row.id].value,
            "guards": [guards[guard.name] for guard in row.guards],
            "root": table.rows[row.id],
        }
        for row in policy.transitions
    ]


def _among(policy: AnyPolicy, row: Transition[Any]) -> list[int] | None:
    if not isinstance(row.dest, Asked) or row.dest.among is None:
        return None
    return [place for place, state in enumerate(policy.states) if state in row.dest.among]


def _asked_for(policy: AnyPolicy, fact: str) -> JSON:
    """The states among which an event chooses by a fact, if any row leads where it says."""
    if not any(isinstance(row.dest, Asked) and row.dest.fact == fact for row in policy.transitions):
        return {}
    return {"states": [policy.states.index(state) for state in policy.domain.values[fact]]}


def _picture(policy: AnyPolicy, diagram: Diagram, rows: Places) -> JSON:
    states = _places([state.id for state in diagram.states])
    lines = {edge.id: line_of(diagram, edge) for edge in diagram.edges}
    boxes = [BOXES[state.tone] for state in diagram.states]
    return {
        "states": [
            {
                "id": state.id,
                "word": word.value,
                "label": state.name,
                "fill": variable(box.fill),
                "border": variable(box.border),
            }
            for word, state, box in zip(policy.states, diagram.states, boxes, strict=True)
        ],
        # How people look at the states, which is not how the policy lists them.
        "order": [states[state.id] for state in diagram.ordered],
        "edges": [
            {
                "id": edge.id,
                "row": rows[edge.transition],
                "source": states[edge.source],
                "dest": states[edge.dest],
                "actor": edge.actor.value,
                "line": lines[edge.id].name,
            }
            for edge in diagram.edges
        ],
        "lines": [
            {"name": line.name, "words": words, "stroke": line.stroke, "colour": variable(line.colour)}
            for line, words in lines_of(diagram)
        ],
    }


def _decision(decision: Decision, rows: Places, guards: Places, states: Sequence[AnyState]) -> JSON:
    if decision.transition:
        assert decision.after is not None
        return {"row": rows[decision.transition], "dest": states.index(decision.after)}
    return {
        "reason": decision.reason,
        "refusals": [[rows[each.transition], [guards[name] for name in each.failed]] for each in decision.refusals],
    }


def _places(names: Sequence[str]) -> Places:
    return {name: place for place, name in enumerate(names)}
