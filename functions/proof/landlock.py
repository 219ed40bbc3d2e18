"""Landlock: a process gives up, for good, all files but a directory of its own and what it may only read.

The kernel offers it from Linux 5.13 (truncation from 6.2), containers included, without privileges. Where it does
not, `install` returns False and the audit hook stands alone.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PR_SET_NO_NEW_PRIVS = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_READ = _READ_FILE | _READ_DIR
_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}  # make_*, remove_*, then refer, truncate
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


def version() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def install(own: str, readable: Iterable[str], executable: Iterable[str] = ()) -> bool:
    """Leave this process `own` to read and write, `readable` to read, and nothing else. False without Landlock.

    `executable` are files that it may start, if it may start anything.
    """
    abi = min(version(), max(_RIGHTS_BY_ABI))
    if abi == 0:
        return False
    handled = _RIGHTS_BY_ABI[abi]
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = ctypes.create_string_buffer(struct.pack("Q", handled), 8)
    ruleset = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(8), ctypes.c_uint32(0))
    _check(ruleset >= 0)
    _allow(libc, ruleset, own, handled & ~_EXECUTE)
    for paths, rights in ((readable, _READ), (executable, _READ | _EXECUTE)):
        for path in filter(os.path.exists, paths):
            _allow(libc, ruleset, path, rights)
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    _check(libc.syscall(RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) == 0)
    os.close(ruleset)
    return True


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_PATH", 0) | getattr(os, "O_CLOEXEC", 0))
    if not os.path.isdir(path):
        rights &= _OF_A_FILE
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle), 12)
    _check(libc.syscall(ADD_RULE, ruleset, ctypes.c_int(1), rule, ctypes.c_uint32(0)) == 0)
    os.close(handle)


def _check(done: bool) -> None:
    if not done:
        raise OSError(ctypes.get_errno(), "Landlock was refused")
