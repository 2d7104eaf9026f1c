from tests.library.conftest import house

__all__ = ["house"]
