"""The family of Matrix room versions."""

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from fsm.columns import AnyColumns
from fsm.family import Family
from fsm.matrix.events import AUTHORISER, MEMBER, TOKEN
from fsm.matrix.ids import MAX_BYTES
from fsm.matrix.policies import VERSIONS, MatrixPolicy
from fsm.matrix.room import MatrixRoom
from fsm.matrix.settings import CREATE
from fsm.participation.terms import Action

if TYPE_CHECKING:
    from fsm.scenario import Scenario
    from fsm.syntax import Syntax


@cache
def _syntax() -> "Syntax":
    from fsm.matrix.shapes import SHAPES  # noqa: PLC0415 - they take long to load, and few need them
    from fsm.syntax import Syntax  # noqa: PLC0415

    return Syntax(
        title="Matrix",
        changes=(MEMBER,),
        action="content.membership",
        names_states=True,
        reason=None,
        optional={
            "room_id": "name",
            "event_id": "name",
            "prev_events": "never",
            "auth_events": "never",
            f"content.{AUTHORISER}": "never",
            f"content.{TOKEN}": "never",
        },
        takes_more=True,
        creation=CREATE,
        users=r"^@[^:]*:.",
        longest_user=MAX_BYTES,
        shapes=SHAPES,
    )


def _scenario(policy: MatrixPolicy) -> "Scenario":
    from fsm.matrix.event_cases import event_cases, never_alone  # noqa: PLC0415 - few need them
    from fsm.matrix.laws import powers_of  # noqa: PLC0415 - they take long to load, and few need them
    from fsm.matrix.scenario import scenario_of  # noqa: PLC0415

    rules = MatrixPolicy.for_rooms(policy)
    return replace(scenario_of(rules), view=powers_of, events=event_cases(rules), never_alone=never_alone(rules))


def _laws(_: object) -> tuple[object, ...]:
    from fsm.matrix.laws import LAWS  # noqa: PLC0415 - they take long to load, and few need them
    from fsm.participation.laws import LAWS as PARTICIPATION  # noqa: PLC0415

    return (*PARTICIPATION, *LAWS)


def _columns(policy: MatrixPolicy) -> AnyColumns:
    from fsm.matrix.columns import Columns  # noqa: PLC0415 - few need it

    return Columns(policy)


FAMILY = Family(
    id="matrix",
    policies=tuple(VERSIONS.values()),
    room=MatrixRoom,
    syntax=lambda _: _syntax(),
    scenario=_scenario,
    laws=_laws,
    words={action.value: action.value for action in Action},
    columns=_columns,
)
