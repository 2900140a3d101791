"""What logs of MIMI look like: events, in lines or in arrays."""

from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULES, ROLE, ROLE_MAP, USER
from fsm.shapes import Shapes

SHAPES = Shapes(
    title="MIMI",
    creation=CREATE,
    types=frozenset(("m.user", USER, ROLE, ROLE_MAP)),
    common=frozenset((JOIN_RULES, HISTORY_VISIBILITY)),
)
