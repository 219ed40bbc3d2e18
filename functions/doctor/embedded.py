"""For `uv run learnflow`: Python, uv and its lock, the code, the port, the directory of the state."""

import json
import os
import re
import shutil
import socket
import sqlite3
import sys
import tempfile
import urllib.request
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from functions.doctor.finding import Check, Finding, last_line, missing, ok, output, warn
from functions.runtime import event_log
from functions.runtime.local import FILE, SCHEMA
from functions.usecases.tables import KEYS, MIGRATIONS

ROOT = Path(__file__).parents[2]
OLDEST = (3, 11)
TABLES = tuple(KEYS)
OURS = tuple(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", SCHEMA + event_log.SCHEMA))


def checks(host: str, port: int, data: Path) -> list[tuple[str, Check]]:
    return [
        ("python", python),
        ("uv", uv),
        ("code", code),
        ("port", lambda: free(host, port)),
        ("data", lambda: place(data)),
    ]


def python() -> Iterable[Finding]:
    have = f"Python {sys.version.split()[0]}"
    if sys.version_info >= OLDEST:
        yield ok("python", have)
    else:
        wanted = ".".join(map(str, OLDEST))
        yield missing("python", f"{have}, and {wanted} is the oldest that will do", f"uv python install {wanted}")


def uv() -> Iterable[Finding]:
    """The lock is that of pyproject.toml, and what is installed is that of the lock. Asks no registry."""
    if not shutil.which("uv"):
        yield missing("uv", "uv is not on the PATH", "pip install uv")
        return
    if not (ROOT / "uv.lock").exists():
        yield ok("uv", "installed as a package: there is no lock to compare with")
        return
    code, said = output("uv", "lock", "--check", "--offline", cwd=str(ROOT))
    if code:
        yield missing("uv", f"uv.lock is not that of pyproject.toml: {last_line(said)}", "uv lock")
        return
    code, said = output("uv", "sync", "--check", "--frozen", "--offline", "--inexact", cwd=str(ROOT))
    if code:
        yield missing("uv", f"what is installed is not what uv.lock says: {last_line(said)}", "uv sync")
    else:
        yield ok("uv", "uv.lock is that of pyproject.toml, and installed")


def code() -> Iterable[Finding]:
    """In a process of its own: it is the code on the disk that has to load."""
    script = "from functions.embedded import apps; print(len(apps()), 'functions load')"
    failed, said = output(sys.executable, "-c", script, seconds=28)
    if failed:
        yield missing("code", f"it does not load: {last_line(said)}", "uv run learnflow dev")
    else:
        yield ok("code", last_line(said))


def free(host: str, port: int) -> Iterable[Finding]:
    where = f"{host}:{port}"
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if _is_learnflow(host, port):
            yield ok("port", f"learnflow answers at {where}")
        else:
            mend = f"uv run learnflow --port {port + 1}"
            yield missing("port", f"{where} cannot be listened on: {os.strerror(error.errno or 0)}", mend)
    else:
        yield ok("port", f"{where} is free")


def _is_learnflow(host: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health/live", timeout=3) as answer:
            return bool(json.load(answer) == {"status": "alive"})
    except (OSError, ValueError):
        return False


def place(data: Path) -> Iterable[Finding]:
    """Can it be written to; is what is in it whole, and of this version."""
    there = next(path for path in (data, *data.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield missing("data", f"{data} cannot be written to: {error.strerror}", "uv run learnflow --data DIRECTORY")
        return
    file = data / FILE
    if not file.exists():
        yield ok("data", f"{data} can be made; there is no state yet")
        return
    if not os.access(file, os.W_OK):
        yield missing("data", f"{file} cannot be written to", f"chmod u+w {file}")
        return
    yield _state(file)


def _state(file: Path) -> Finding:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=3)) as connection:
            [sound] = connection.execute("PRAGMA quick_check(1)").fetchone()
            [version] = connection.execute("PRAGMA user_version").fetchone()
            there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        return missing("data", f"{file} cannot be read: {error}", f"mv {file.parent} {file.parent}.broken")
    if sound != "ok":
        return missing("data", f"{file} is damaged: {sound}", f"mv {file.parent} {file.parent}.broken")
    if version > len(MIGRATIONS):
        return missing("data", f"{file} is of a newer version ({version} > {len(MIGRATIONS)})", "git pull")
    if version == len(MIGRATIONS) and (gone := set(TABLES) - there):
        return missing("data", f"{file} has no table {', '.join(sorted(gone))}", _anew(file))
    if gone := set(OURS) - there:
        return warn("data", f"{file} has no table {', '.join(sorted(gone))}: the next start makes it")
    return ok("data", f"{file}, tables of version {version} of {len(MIGRATIONS)}")


def _anew(file: Path) -> str:
    """The last migration makes all tables anew, and they are never the only copy of anything."""
    script = f"import sqlite3; sqlite3.connect('{file}').execute('PRAGMA user_version = {len(MIGRATIONS) - 1}')"
    return f'uv run python -c "{script}" && uv run learnflow rebuild --data {file.parent}'
