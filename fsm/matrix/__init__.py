"""Matrix rooms: the events, facts and policies of room versions 1 to 12."""

from fsm.matrix.room import MatrixRoom

__all__ = ["MatrixRoom"]
