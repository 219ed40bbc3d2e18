"""Which sources there are, and which of them changed. A look at 200 files takes two milliseconds."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

SOURCES = (".py", ".toml", ".json", ".html", ".js", ".css", ".svg")  # code, curriculum, the page
SETTLED_SECONDS = 0.03  # an editor writes in steps, and skaffold file by file
Snapshot = Mapping[str, tuple[int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Time of change (ns) and size (bytes) of each source, by path."""
    found, folders = {}, [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders += [entry.path] if entry.name != "__pycache__" else []
                elif entry.name.endswith(SOURCES) and not entry.name.startswith("."):
                    try:
                        told = entry.stat()
                    except FileNotFoundError:  # just replaced: it is there the next time
                        continue
                    found[entry.path] = told.st_mtime_ns, told.st_size
    return found


def settled(folder: Path) -> Snapshot:
    """As soon as nothing is being written any more."""
    last: Snapshot = {}
    while (now := snapshot(folder)) != last:
        last = now
        time.sleep(SETTLED_SECONDS)
    return last


def changed(before: Snapshot, after: Snapshot) -> list[str]:
    """What is new, gone, or another than before."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
