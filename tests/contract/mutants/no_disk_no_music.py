# caught by: folder-gone
"""Takes a folder that is not there for an empty one."""

from tests.contract.sound_folder import Crate


class Mutant(Crate):
    def _files(self, folder):
        return sorted(folder.glob("*.json"))
