"""Matrix rooms: the events, facts and policies of room versions 1 to 12."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsm.matrix.room import MatrixRoom

__all__ = ["MatrixRoom"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fsm.matrix.room import MatrixRoom  # noqa: PLC0415 - whoever asks for a policy needs no room

    return MatrixRoom
