"""The family of rooms with roles of their own."""

from fsm.family import Codec, Family
from fsm.policy_law import PolicyLaw, Repairs
from fsm.room_policy.events import CREATE, PARTICIPANT
from fsm.room_policy.facts import Move
from fsm.room_policy.policies import COOPERATIVE, MODERATED, ORGANIZATIONS, STRICT, RolePolicy
from fsm.room_policy.room import RoleRoom
from fsm.room_policy.shapes import SHAPES
from fsm.room_policy.syntax import RoleSyntax
from fsm.scenario import Scenario


def _codec(_: object) -> Codec:
    from fsm.room_policy import codec  # noqa: PLC0415 - few need it

    return codec


def _laws(_: object) -> tuple[PolicyLaw, ...]:
    from fsm.room_policy.lint.laws import LAWS  # noqa: PLC0415 - they take long to load, and few need them

    return LAWS


def _repairs() -> Repairs:
    from fsm.room_policy.lint import repair  # noqa: PLC0415 - it takes long to load, and few need it

    return repair


def _scenario(policy: RolePolicy) -> Scenario:
    from fsm.room_policy.scenario import scenario_of  # noqa: PLC0415 - few need it

    return scenario_of(policy)


FAMILY = Family(
    id="room-policy",
    policies=(COOPERATIVE, STRICT, MODERATED, ORGANIZATIONS),
    room=RoleRoom,
    syntax=RoleSyntax(
        title="rooms with roles of their own",
        changes=(PARTICIPANT,),
        destination="content.role_index",
        creation=CREATE,
        shapes=SHAPES,
    ),
    scenario=_scenario,
    laws=_laws,
    words={move.value: move.value for move in Move},
    codec=_codec,
    repairs=_repairs,
)
