"""The family of MIMI policies."""

from dataclasses import replace
from typing import TYPE_CHECKING

from fsm.columns import AnyColumns
from fsm.family import Codec, Family
from fsm.mimi.policies import MIMI, MimiPolicy
from fsm.mimi.revisions import MIMI_00, MIMI_01
from fsm.mimi.room import Room
from fsm.mimi.settings import CREATE
from fsm.participation.terms import Action

if TYPE_CHECKING:
    from fsm.scenario import Scenario
    from fsm.syntax import Syntax


def _syntax(given: MimiPolicy) -> "Syntax":
    from fsm.mimi.shapes import SHAPES  # noqa: PLC0415 - they take long to load, and few need them
    from fsm.syntax import Syntax  # noqa: PLC0415

    policy = MimiPolicy.for_rooms(given)
    return Syntax(
        title="MIMI",
        changes=tuple(sorted(policy.participation_events, reverse=True)),
        action="content.participation",
        names_states=True,
        optional={"room_id": "name", "event_id": "name", "authEvents": "never"},
        takes_more=True,
        creation=CREATE,
        shapes=SHAPES,
    )


def _scenario(policy: MimiPolicy) -> "Scenario":
    from fsm.mimi.event_cases import event_cases  # noqa: PLC0415 - few need them
    from fsm.mimi.laws import standings_of  # noqa: PLC0415 - they take long to load, and few need them
    from fsm.mimi.scenario import scenario_of  # noqa: PLC0415

    rules = MimiPolicy.for_rooms(policy)
    return replace(scenario_of(rules), view=standings_of, events=event_cases(rules))


def _laws(_: MimiPolicy) -> tuple[object, ...]:
    from fsm.mimi.laws import FRESH, LAWS  # noqa: PLC0415 - they take long to load, and few need them
    from fsm.participation.laws import LAWS as PARTICIPATION  # noqa: PLC0415

    return (*PARTICIPATION, *LAWS, FRESH)


def _codec(_: object) -> Codec:
    from fsm.mimi import codec  # noqa: PLC0415 - it takes long to load, and few need it

    return codec


def _columns(policy: MimiPolicy) -> AnyColumns:
    from fsm.mimi.columns import Columns  # noqa: PLC0415 - few need it

    return Columns(policy)


FAMILY = Family(
    id="mimi",
    policies=(MIMI, MIMI_00, MIMI_01),
    room=Room,
    syntax=_syntax,
    scenario=_scenario,
    laws=_laws,
    words={action.value: action.value for action in Action},
    codec=_codec,
    columns=_columns,
)
