"""Whether settings fit their provider: its own model looks at them, in a child."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from aggregator._host import find
from aggregator._host.process import Child, Failure, NoDuties
from aggregator._host.settings import form


def look(provided: find.Provided, values: Mapping[str, Any]) -> None:
    """Raises `Failure`; of kind settings with a sentence for each field that does not fit. Takes 0.3 s."""
    faults = {**_refused(provided, values), **_no_folders(provided.manifest, values)}
    if faults:
        raise Failure("settings", " ".join(faults.values()), fields=faults)


def _refused(provided: find.Provided, values: Mapping[str, Any]) -> dict[str, str]:
    order = {
        "target": provided.origin.target,
        "provider": provided.manifest.id,
        "settings": dict(values),
        "memory_mb": provided.manifest.memory_mb,
    }
    with Child() as child:
        try:
            child.open(order, NoDuties())
        except Failure as failure:
            if not failure.fields:
                raise
            return failure.fields
    return {}


def _no_folders(manifest: find.Manifest, values: Mapping[str, Any]) -> dict[str, str]:
    """Folders that are not there now. A run only waits for them: their disk may be connected later."""
    named = {field.name: values.get(field.name) for field in form(manifest.settings) if field.kind == "folder"}
    return {
        name: f"There is no folder {folder}. Write its full path, and connect its disk."
        for name, folder in named.items()
        if isinstance(folder, str) and not os.path.isdir(folder)  # noqa: PTH112 - Path.is_dir raises for a name too long to be one
    }
