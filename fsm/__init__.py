"""An explicit finite-state-machine engine for participation in messaging rooms.

A policy is written once, as a table of guarded transitions over finite facts
(`fsm.mimi.policies`). The machine, the decisions with their reasons and the
diagrams are derived from that table.
"""

from fsm.decision import Decision, Refusal
from fsm.errors import DefinitionError, EventError, PolicyError, ReplayError
from fsm.facts import Domain, Facts
from fsm.guards import Guard, guard
from fsm.machine import Machine, Participant
from fsm.mimi.policies import MIMI
from fsm.mimi.room import Room
from fsm.policies import load_policy
from fsm.policy import Actor, Policy, Transition
from fsm.terms import Action, JoinRule, Participation, Visibility

__all__ = [
    "MIMI",
    "Action",
    "Actor",
    "Decision",
    "DefinitionError",
    "Domain",
    "EventError",
    "Facts",
    "Guard",
    "JoinRule",
    "Machine",
    "Participant",
    "Participation",
    "Policy",
    "PolicyError",
    "Refusal",
    "ReplayError",
    "Room",
    "Transition",
    "Visibility",
    "guard",
    "load_policy",
]
