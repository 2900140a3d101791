"""An explicit finite-state-machine engine for participation in messaging rooms.

A policy is written once, as a table of guarded transitions over finite facts
(`fsm.mimi.policies`). The machine, the decisions with their reasons and the
diagrams are derived from that table.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsm.change import Change
    from fsm.decision import Decision, Refusal
    from fsm.domain import Domain
    from fsm.errors import (
        DecodeError,
        DefinitionError,
        EventError,
        ObserverError,
        PolicyError,
        ReplayError,
        RevisionError,
    )
    from fsm.facts import EVENT, PAIR, ROOM, SENDER, TARGET, PairFacts, about
    from fsm.family import Family
    from fsm.guards import Guard, guard
    from fsm.machine import Machine
    from fsm.matrix.room import MatrixRoom
    from fsm.mimi.policies import MIMI
    from fsm.mimi.room import Room
    from fsm.participation.facts import Facts
    from fsm.participation.participant import Participant
    from fsm.participation.terms import Action, JoinRule, Participation, Visibility
    from fsm.policies import load_policy
    from fsm.policy import Actor, Asked, Policy, Transition
    from fsm.review.laws.decorators import law
    from fsm.review.laws.room_laws import Step, room_law
    from fsm.room_policy.room import RoleRoom
    from fsm.scenario import Opening, Scenario, Trial
    from fsm.state import Display, State, Tone
    from fsm.syntax import Syntax
    from fsm.syntax_room import SyntaxRoom
    from fsm.version import __version__ as __version__

__all__ = [
    "EVENT",
    "MIMI",
    "PAIR",
    "ROOM",
    "SENDER",
    "TARGET",
    "Action",
    "Actor",
    "Asked",
    "Change",
    "Decision",
    "DecodeError",
    "DefinitionError",
    "Display",
    "Domain",
    "EventError",
    "Facts",
    "Family",
    "Guard",
    "JoinRule",
    "Machine",
    "MatrixRoom",
    "ObserverError",
    "Opening",
    "PairFacts",
    "Participant",
    "Participation",
    "Policy",
    "PolicyError",
    "Refusal",
    "ReplayError",
    "RevisionError",
    "RoleRoom",
    "Room",
    "Scenario",
    "State",
    "Step",
    "Syntax",
    "SyntaxRoom",
    "Tone",
    "Transition",
    "Trial",
    "Visibility",
    "about",
    "guard",
    "law",
    "load_policy",
    "room_law",
]

# Each is loaded when it is first asked for: nobody pays for what they do not use, nor for a protocol they do not speak.
_WHERE = {
    "Action": "fsm.participation.terms",
    "Actor": "fsm.policy",
    "Asked": "fsm.policy",
    "Change": "fsm.change",
    "Decision": "fsm.decision",
    "DecodeError": "fsm.errors",
    "DefinitionError": "fsm.errors",
    "Display": "fsm.state",
    "Domain": "fsm.domain",
    "EVENT": "fsm.facts",
    "EventError": "fsm.errors",
    "Facts": "fsm.participation.facts",
    "Family": "fsm.family",
    "Guard": "fsm.guards",
    "JoinRule": "fsm.participation.terms",
    "MIMI": "fsm.mimi.policies",
    "Machine": "fsm.machine",
    "MatrixRoom": "fsm.matrix.room",
    "ObserverError": "fsm.errors",
    "Opening": "fsm.scenario",
    "PAIR": "fsm.facts",
    "PairFacts": "fsm.facts",
    "Participant": "fsm.participation.participant",
    "Participation": "fsm.participation.terms",
    "Policy": "fsm.policy",
    "PolicyError": "fsm.errors",
    "ROOM": "fsm.facts",
    "Refusal": "fsm.decision",
    "ReplayError": "fsm.errors",
    "RevisionError": "fsm.errors",
    "RoleRoom": "fsm.room_policy.room",
    "Room": "fsm.mimi.room",
    "SENDER": "fsm.facts",
    "Scenario": "fsm.scenario",
    "State": "fsm.state",
    "Step": "fsm.review.laws.room_laws",
    "Syntax": "fsm.syntax",
    "SyntaxRoom": "fsm.syntax_room",
    "TARGET": "fsm.facts",
    "Tone": "fsm.state",
    "Transition": "fsm.policy",
    "Trial": "fsm.scenario",
    "Visibility": "fsm.participation.terms",
    "__version__": "fsm.version",
    "about": "fsm.facts",
    "guard": "fsm.guards",
    "law": "fsm.review.laws.decorators",
    "load_policy": "fsm.policies",
    "room_law": "fsm.review.laws.room_laws",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(_WHERE[name]), name)
    return value
