"""What is remembered between runs, in the account's state: one value per album folder, and where the folder was.

unit:<folder>  [cover, {file name: [id, inode, size, mtime, mark, edition, trouble]}]
place          [root, {mount point below it: device}]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from aggregator.plugin import Unavailable

from .identity import Entry
from .tree import File, Tree, Unit, unit_path

_UNIT = "unit:"
_PLACE = "place"


class Memory:
    """`entries` holds every file known at the last run, by path."""

    def __init__(self, state: MutableMapping[str, Any]) -> None:
        self._state = state
        self._root, self._mounts = state.get(_PLACE, ["", {}])
        self._units = dict(_units(state))
        self.entries = {path: entry for _, entries in self._units.values() for path, entry in entries.items()}

    def is_unchanged(self, unit: Unit) -> bool:
        """Whether a folder holds the same files and the same cover as at the last run, and nothing else."""
        cover, entries = self._units.get(unit.path, (None, {}))
        return (
            len(entries) == len(unit.files)
            and cover == unit.cover
            and all((entry := entries.get(file.path)) is not None and entry.unchanged(file) for file in unit.files)
        )

    def keep(self, unit: Unit, entries: Mapping[str, Entry]) -> None:
        """To be called after the records of the folder have gone out, so that both are stored together."""
        cut = len(unit.path) + 1 if unit.path else 0
        self._state[_UNIT + unit.path] = [unit.cover, {path[cut:]: list(entry) for path, entry in entries.items()}]

    def settle(self, root: str, found: Tree) -> None:
        """At the end of a run: forget folders that are gone, remember where everything was."""
        for folder in self._units.keys() - found.units.keys():
            del self._state[_UNIT + folder]
        place = [root, found.mounts]
        if self._state.get(_PLACE) != place:
            self._state[_PLACE] = place

    # --- what cannot be seen --------------------------------------------------------------------------------------

    def require_music(self, root: str, found: Tree) -> None:
        """Raises Unavailable where the folder looks like the empty place a disk is mounted on."""
        if not self.entries or root != self._root or found.unlisted:
            return
        if not any(found.files()):
            raise Unavailable(
                f"{root} is empty, but held {len(self.entries)} files at the last run. Is its disk connected? "
                "Nothing was removed. If you emptied it on purpose, remove this source."
            )
        if found.mounts[""] != self._mounts.get("") and not any(self._is_known(file) for file in found.files()):
            raise Unavailable(f"Another disk is at {root}: not one known file is on it. Nothing was removed.")

    def _is_known(self, file: File) -> bool:
        return file.path in self.entries

    def fill_in(self, root: str, found: Tree) -> dict[str, str]:
        """Take what lies in folders that could not be looked into to be as it was. Returns them with the reasons."""
        hidden = found.unlisted | dict.fromkeys(self._lost_mounts(root, found), "Its disk is not connected.")
        for folder in hidden:
            for path, entry in self.entries.items():
                if path.startswith(f"{folder}/"):
                    unit = unit_path(path.rpartition("/")[0])
                    file = File(path, entry.inode, entry.size, entry.mtime)
                    found.units.setdefault(unit, Unit(unit)).files.append(file)
        return hidden

    def _lost_mounts(self, root: str, found: Tree) -> Iterator[str]:
        """Places below the root that were disks of their own, and now are not, and are empty."""
        for folder, device in self._mounts.items() if root == self._root else ():
            empty = not any(file.path.startswith(f"{folder}/") for file in found.files())
            if folder not in found.mounts and empty:
                found.mounts[folder] = device
                yield folder


def _units(state: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str | None, dict[str, Entry]]]]:
    for key, value in state.items():
        if key.startswith(_UNIT):
            folder = key[len(_UNIT) :]
            prefix = f"{folder}/" if folder else ""
            cover, entries = value
            yield folder, (cover, {prefix + name: Entry(*entry) for name, entry in entries.items()})
