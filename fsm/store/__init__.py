"""Rooms that last: a store on SQLite and PostgreSQL, with the extra `store`.

See the guide `docs/guides/store.md`.
"""

from typing import TYPE_CHECKING, Any

from fsm.errors import StoreError, needs

if TYPE_CHECKING:
    from fsm.store.asynchronous import AsyncStore
    from fsm.store.migration import Migration
    from fsm.store.rooms import RoomRow
    from fsm.store.store import Cursor, Store

__all__ = ["AsyncStore", "Cursor", "Migration", "RoomRow", "Store", "StoreError"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from fsm.store import asynchronous, store  # noqa: PLC0415 - where the library is missing, that is said
    except ModuleNotFoundError as missing:
        if missing.name != "sqlalchemy":
            raise
        raise StoreError(needs("a store", "SQLAlchemy", "store")) from None
    value: Any = asynchronous.AsyncStore if name == "AsyncStore" else getattr(store, name)
    return value
