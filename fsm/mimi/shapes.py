"""What logs of MIMI look like: events, in lines or in arrays."""

from fsm.mimi.settings import CREATE, ROLE, ROLE_MAP, USER
from fsm.shapes import Shapes

SHAPES = Shapes(title="MIMI", creation=CREATE, types=frozenset(("m.user", USER, ROLE, ROLE_MAP)))
