"""Albums written down in files of a folder: the sound twin of the mutants that read folders."""

import json
from pathlib import Path

from aggregator.plugin import Complete, Credit, Edition, Field, Folder, Library, Provider, Skipped, Unavailable

ODD = (OSError, KeyError, TypeError, ValueError, AttributeError)


class Crate(Provider, Library):
    id = "crate"
    name = "Crate"

    class Settings(Provider.Settings):
        folder: Folder = Field(title="Folder")

    def library(self):
        for path in self._files(Path(self.settings.folder)):
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                yield Edition(id=path.stem, title=told["title"], credits=[Credit(name=told["artist"])])
            except ODD as error:
                yield Skipped(of="edition", id=path.stem, reason=f"not understood: {type(error).__name__}")
        yield Complete(scope="albums")

    def _files(self, folder):
        if not folder.is_dir():
            raise Unavailable(f"There is no folder {folder}. Is its disk connected?")
        return sorted(folder.glob("*.json"))
