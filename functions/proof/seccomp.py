"""A seccomp filter that a process sets on itself: no network, no new process, no hand on other processes.

A list of what is refused rather than of what is allowed: the interpreter's own needs differ between versions, C
libraries and processors. Refused calls fail with EPERM, so that a program sees a PermissionError; clone3 fails
with ENOSYS, which makes the C library fall back to clone, whose flags (unlike clone3's) a filter can see.
A program that needs `loopback` gets TCP sockets (a filter cannot see their addresses: the audit hook does that), one
that needs `venv` gets new processes, without namespaces of their own, and calls on modes and times that do nothing.
Linux on x86_64 and aarch64; elsewhere `install` says that there is none.
"""

import ctypes
import os
import platform
import struct
import sys

# name: (x86_64, aarch64); None where the processor's table has no such call.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "sendto": (44, 206), "recvfrom": (45, 207),
    "sendmsg": (46, 211), "recvmsg": (47, 212), "bind": (49, 200), "listen": (50, 201), "socketpair": (53, 199),
    "accept4": (288, 242), "recvmmsg": (299, 243), "sendmmsg": (307, 269),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "shmget": (29, 194), "shmat": (30, 196), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "userfaultfd": (323, 282),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "mount_setattr": (442, 442), "quotactl": (179, 60), "swapon": (167, 224),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466),
    "mknod": (133, None), "mknodat": (259, 33), "open_by_handle_at": (304, 265),
    "setpgid": (109, 154), "setsid": (112, 157), "setrlimit": (160, 164), "setpriority": (141, 140),
    "reboot": (169, 142), "kexec_load": (246, 104),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "bpf": (321, 280),
    "perf_event_open": (298, 241), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "syslog": (103, 116), "personality": (135, 92),
}  # fmt: skip
LEFT_OUT = {
    "loopback": ("socket", "connect", "accept", "accept4", "bind", "listen", "sendto", "recvfrom"),
    "venv": ("fork", "vfork", "execve"),
}
# Making an environment copies modes and times, which the kernel would let a program change outside its directory too.
PRETENDED = {"venv": ("chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat", "utimensat")}
CLONE, CLONE3, KILL, TGKILL, PRLIMIT64 = (56, 220), (435, 435), (62, 129), (234, 131), (302, 261)
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE_THREAD, CLONE_NEW_ANYTHING, X32_BIT, EPERM, ENOSYS = 0x00010000, 0x7E020000, 0x40000000, 1, 38
AF_INET, AF_INET6, SOCK_STREAM, SOCK_TYPE_MASK = 2, 10, 1, 0xF
_LOAD, _JEQ, _JGE, _JSET, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data; arguments are 8 bytes, low half first
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def install(needs: str | None = None) -> bool:
    """Set the filter for the rest of this process's life. False where none is known; OSError where it is refused."""
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())
    if sys.platform != "linux" or machine not in AUDIT_ARCH:
        return False
    code = program(machine, os.getpid(), needs)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(header))):
        operation, second, third = (ctypes.c_ulong(value) for value in call)
        if libc.prctl(operation, second, third, ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
            raise OSError(ctypes.get_errno(), "the seccomp filter was refused")
    return True


def program(machine: str, pid: int, needs: str | None = None) -> bytes:
    """The filter's BPF instructions for one processor and one process."""
    left_out, pretended = LEFT_OUT.get(needs or "", ()), PRETENDED.get(needs or "", ())
    column = 0 if machine == "x86_64" else 1
    code = [_load(_ARCH), _jump(_JEQ, AUDIT_ARCH[machine], 1, 0), _give(_KILL_PROCESS), _load(_NR)]
    if machine == "x86_64":
        code += [_jump(_JGE, X32_BIT, 0, 1), _give(_ERRNO | EPERM)]
    for name, numbers in REFUSED.items():
        number = numbers[column]
        if number is not None and name not in left_out:
            code += [_jump(_JEQ, number, 0, 1), _give(_ERRNO | (0 if name in pretended else EPERM))]
    if "socket" in left_out:
        code += _only_tcp(REFUSED["socket"][column])
    code += [_jump(_JEQ, CLONE3[column], 0, 1), _give(_ERRNO | ENOSYS)]
    # A new thread is fine, a new process is not, or it must share its parent's namespaces.
    bit, if_set, if_not = (CLONE_NEW_ANYTHING, 1, 0) if "fork" in left_out else (CLONE_THREAD, 0, 1)
    code += [_jump(_JEQ, CLONE[column], 0, 4), _load(_ARG0), _jump(_JSET, bit, if_set, if_not), _give(_ALLOW)]
    code += [_give(_ERRNO | EPERM)]
    for numbers_of_signal in (KILL, TGKILL):  # a program may end itself, and only itself
        code += [_jump(_JEQ, numbers_of_signal[column], 0, 4), _load(_ARG0), _jump(_JEQ, pid, 0, 1), _give(_ALLOW)]
        code += [_give(_ERRNO | EPERM)]
    # prlimit64(pid, resource, new_limit, …) may ask (new_limit is null) but not set.
    code += [_jump(_JEQ, PRLIMIT64[column], 0, 6), _load(_ARG0 + 16), _jump(_JEQ, 0, 0, 3), _load(_ARG0 + 20)]
    code += [_jump(_JEQ, 0, 0, 1), _give(_ALLOW), _give(_ERRNO | EPERM)]
    return b"".join([*code, _give(_ALLOW)])


def _only_tcp(number: int | None) -> list[bytes]:
    """Of socket(family, type, …): IPv4 and IPv6, and streams only."""
    assert number is not None
    return [
        _jump(_JEQ, number, 0, 8), _load(_ARG0), _jump(_JEQ, AF_INET, 1, 0), _jump(_JEQ, AF_INET6, 0, 4),
        _load(_ARG0 + 8), struct.pack("HBBI", _AND, 0, 0, SOCK_TYPE_MASK), _jump(_JEQ, SOCK_STREAM, 0, 1),
        _give(_ALLOW), _give(_ERRNO | EPERM),
    ]  # fmt: skip


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", _LOAD, 0, 0, offset)


def _jump(test: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", test, if_true, if_false, value)


def _give(verdict: int) -> bytes:
    return struct.pack("HBBI", _RETURN, 0, 0, verdict)
