"""The one database. `Store.read()` for pages, `Store.write()` for changes; SQL lives in the rooms that own the words."""

from aggregator.store.connection import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
