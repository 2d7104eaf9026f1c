"""The one database: `Store.read()` for pages, `Store.write()` for changes, `Store.attempt()` for long ones.

The SQL lives in the rooms.
"""

from aggregator.store.connection import Overtaken, Store, StoreError, open_store

__all__ = ["Overtaken", "Store", "StoreError", "open_store"]
