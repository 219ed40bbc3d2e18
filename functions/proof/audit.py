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
Hook = Callable[[str, tuple[Any, ...]], None]


def install(own: str, readable: Iterable[str], needs: str | None = None, executable: Iterable[str] = ()) -> None:
    """Refuse, from now on, everything but computing, the files of `own` and what the program needs by its mark."""
    sys.addaudithook(hook(own, readable, needs, executable))


def hook(own: str, readable: Iterable[str], needs: str | None = None, executable: Iterable[str] = ()) -> Hook:
    """The hook itself: raises PermissionError for what is refused; `readable` may be read, `executable` started."""
    mine = (_resolved(own),)
    started = tuple(_resolved(path) for path in executable)
    visible = (*mine, *started, *(_resolved(path) for path in readable))
    given = {"loopback": _LOOPBACK, "venv": _venv(mine, started, visible)}.get(needs or "", {})

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event in given:
            given[event](arguments)
        elif event == "open":
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


def _local(address: Any) -> None:
    """127.0.0.0/8 and ::1, written out: a name would have to be looked up, and who knows what it becomes."""
    host = address[0] if isinstance(address, tuple) and address else None
    parts = host.split(".") if type(host) is str else []
    if host != "::1" and not (len(parts) == 4 and parts[0] == "127" and all(part.isdecimal() for part in parts)):
        raise PermissionError(1, f"not allowed here: an address other than this machine's own, {host!r}")


def _stream(family: Any, kind: Any) -> None:
    if (int(family), int(kind)) not in ((2, 1), (10, 1), (23, 1), (30, 1)):  # IPv4; IPv6 on Linux, Windows and macOS
        raise PermissionError(1, "not allowed here: a socket that is not TCP")


_LOOPBACK: dict[str, Callable[[tuple[Any, ...]], None]] = {
    "socket.__new__": lambda arguments: _stream(*arguments[1:3]),
    "socket.bind": lambda arguments: _local(arguments[1]),
    "socket.connect": lambda arguments: _local(arguments[1]),
    "socket.getaddrinfo": _local,
    "http.client.connect": lambda arguments: _local(arguments[1:]),
    "http.client.send": lambda _: None,  # goes where the socket goes
    "urllib.Request": lambda _: None,
}


def _venv(
    mine: tuple[str, ...], started: tuple[str, ...], visible: tuple[str, ...]
) -> dict[str, Callable[[tuple[Any, ...]], None]]:
    """Links to the interpreter, modes and times in its own directory, and starting Python, under either's name."""

    def link(arguments: tuple[Any, ...]) -> None:
        _permit(arguments[0], visible)
        _permit(arguments[1], mine)

    def spawn(arguments: tuple[Any, ...]) -> None:
        executable = arguments[0]
        if executable is not None:  # Windows names it in the command line only
            if not os.path.dirname(executable):
                raise PermissionError(1, "not allowed here: a program that is looked up by its name")
            _permit(executable, (*mine, *started))

    def start(arguments: tuple[Any, ...]) -> None:
        spawn(arguments)
        if arguments[2] is not None:  # the directory to start it in
            _permit(arguments[2], mine)

    windows = ("_winapi.CreateProcess", "_winapi.CreatePipe", "_winapi.OpenProcess", "_winapi.TerminateProcess",
               "msvcrt.get_osfhandle", "msvcrt.open_osfhandle")  # fmt: skip
    changes = dict.fromkeys(("os.chmod", "os.utime"), lambda arguments: _permit(arguments[0], mine))
    starts = {"subprocess.Popen": start, "os.posix_spawn": spawn}  # the one leads to the other from Python 3.13
    return changes | starts | dict.fromkeys(windows, lambda _: None) | {"os.symlink": link}
