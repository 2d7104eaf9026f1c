"""A music folder on this machine. It is only ever read.

The folder is looked through once without opening a file (`tree`). Album folders in which every file has its old size
and time are passed over; the others are read again as a whole (`scan`, `reading`, `meaning`, `albums`). A file keeps
its id when it is moved or tagged anew (`identity`). What is remembered is one value per album folder (`memory`).
"""

from __future__ import annotations

from aggregator.plugin import Field, Folder, Library, Provider, Unavailable

from . import tree
from .memory import Memory
from .scan import Records, Scan

__all__ = ["Files"]


class Files(Provider, Library):
    id = "files"
    name = "Music folder"
    about = "The music you own: a folder on this machine, with its tags and covers. Nothing is ever written there."
    household = True

    class Settings(Provider.Settings):
        folder: Folder = Field(title="Folder", description="The full path of the folder that holds your music.")

    def library(self) -> Records:
        root = str(self.settings.folder)
        memory = Memory(self.state)
        found = self._look(root)
        memory.require_music(root, found)
        for folder, reason in memory.fill_in(root, found).items():
            self.log.warning("%s was not looked into. %s What was in it stays.", tree.printable(folder), reason)
        yield from Scan(root, found, memory)
        memory.settle(root, found)

    def _look(self, root: str) -> tree.Tree:
        """Raises Unavailable where the folder is not there: a disk that is not connected is no empty library."""
        try:
            found = tree.walk(root)
        except OSError as error:
            words = f"The folder {root} cannot be opened: {error.strerror}. Is its disk connected?"
            raise Unavailable(words) from error
        if "" in found.unlisted:
            raise Unavailable(f"The folder {root} cannot be read. {found.unlisted['']}")
        return found
