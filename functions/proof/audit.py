"""An audit hook: the second belt where the kernel holds, the only one where it does not (macOS, Windows).

The interpreter calls it before it opens a file, connects, starts a process or loads a library. Code that is out to
escape can get round it from inside the interpreter, so by itself it stops accidents, not attackers.
"""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

REFUSED = ("socket.", "subprocess.", "ctypes.", "winreg.", "_winapi.", "msvcrt.", "ftplib.", "http.", "smtplib.",
           "urllib.", "webbrowser.", "syslog.", "fcntl.", "mmap.", "resource.", "sqlite3.", "os.exec", "os.spawn",
           "os.posix_spawn", "os.fork", "os.system", "os.startfile", "os.kill", "os.chmod", "os.chown", "os.chflags",
           "os.setxattr", "os.removexattr", "os.utime", "os.lockf", "pty.", "signal.pthread_kill")  # fmt: skip
CHANGING = {"os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.mkdir": 1, "os.link": 2, "os.symlink": 2,
            "os.truncate": 1, "os.chdir": 1}  # fmt: skip
LOOKING = ("os.listdir", "os.scandir")
_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install(own: str, readable: Iterable[str]) -> None:
    """Refuse, from now on, everything but computing and the files of `own`; `readable` may be read."""
    sys.addaudithook(hook(own, readable))


def hook(own: str, readable: Iterable[str]) -> Callable[[str, tuple[Any, ...]], None]:
    """The hook itself: raises PermissionError for what is refused."""
    mine = (_resolved(own),)
    visible = (*mine, *(_resolved(path) for path in readable))

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            _permit(path, mine if isinstance(flags, int) and flags & _CHANGES else visible)
        elif event in CHANGING:
            for path in arguments[: CHANGING[event]]:
                _permit(path, mine)
        elif event in LOOKING:
            _permit("." if arguments[0] is None else arguments[0], visible)
        elif event.startswith(REFUSED):
            raise PermissionError(1, f"not allowed here: {event}")

    return check


def _permit(path: Any, roots: tuple[str, ...]) -> None:
    if isinstance(path, int):  # a descriptor this process already has
        return
    where = _resolved(os.fsdecode(path))
    if not any(where == root or where.startswith(root.rstrip(os.sep) + os.sep) for root in roots):
        raise PermissionError(13, "not allowed here: a file outside the program's own directory", str(path))


def _resolved(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))
