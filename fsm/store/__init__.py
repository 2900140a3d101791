"""Rooms that last: a store on SQLite and PostgreSQL, with the extra `store`.

See the guide `docs/guides/store.md`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fsm.errors import StoreError, needs

if TYPE_CHECKING:
    from fsm.store.asynchronous import AsyncStore
    from fsm.store.migration import Migration
    from fsm.store.outbox import Cursor
    from fsm.store.rooms import RoomRow
    from fsm.store.store import Store

__all__ = ["AsyncStore", "Cursor", "Migration", "RoomRow", "Store", "StoreError"]

_MODULES = {
    "AsyncStore": "asynchronous",
    "Cursor": "outbox",
    "Migration": "migration",
    "RoomRow": "rooms",
    "Store": "store",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"fsm.store.{_MODULES[name]}")  # where the library is missing, that is said
    except ModuleNotFoundError as missing:
        if missing.name != "sqlalchemy":
            raise
        raise StoreError(needs("a store", "SQLAlchemy", "store")) from None
    return getattr(module, name)
