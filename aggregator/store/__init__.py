"""The one database: `Store.read()` for pages, `Store.write()` for changes; the SQL lives in the rooms."""

from aggregator.store.connection import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
