# caught by: folder-untouched
"""Leaves a file of its own in the listener's folder."""

import time

from tests.contract.sound_folder import Crate


class Mutant(Crate):
    def _files(self, folder):
        files = super()._files(folder)
        (folder / "index.txt").write_text(f"{len(files)} albums {time.time_ns()}")
        return files
