"""What logs of rooms with roles look like: events a line, the creation first."""

from fsm.room_policy.events import CREATE, EVENT_TYPES
from fsm.shapes import Shapes

SHAPES = Shapes(title="rooms with roles of their own", creation=CREATE, types=frozenset({CREATE, *EVENT_TYPES}))
