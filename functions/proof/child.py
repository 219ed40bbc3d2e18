"""The child process: gives up what a program must not have, then becomes that program.

Run by sandbox.py as `python -P -s -S child.py [what the program needs]`, in an empty directory, which becomes the
program's only one; the program is its `main.py`. See sandbox.py for what holds on which system.
"""

import _thread
import gc
import os
import sys
import traceback
from types import ModuleType

MEMORY_BYTES = 50 * 1024 * 1024
FILE_BYTES = 1024 * 1024
CPU_SECONDS = 6
STACK_BYTES = 1024 * 1024  # of a thread, where a program needs some; the usual 8 MB would count in full
LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
           "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1")  # fmt: skip
UNCONFINED = 97  # the exit code that says: this process could not be confined, the program was not started


def confine(own: str, needs: str | None = None) -> None:
    """Set every limit this system offers; an error here means that the program must not start."""
    if needs not in (None, "loopback", "venv"):
        raise ValueError(f"nothing to give for {needs!r}")
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    from functions.proof import audit, landlock, seccomp

    sys.path.pop(0)
    readable = readable_paths()
    executable = interpreter_files() if needs == "venv" else []
    if needs == "loopback":
        _thread.stack_size(STACK_BYTES)
    _limit()  # first: it reads /proc, and the filter refuses setrlimit
    landlock.install(own, readable, executable)
    seccomp.install(needs)
    for name in [name for name in sys.modules if name.startswith(("functions", "ctypes", "_ctypes"))]:
        del sys.modules[name]
    gc.collect()
    audit.install(own, readable, needs, executable)


def readable_paths() -> list[str]:
    """What importing the standard library reads: its own directories, shared libraries, time zones."""
    library = [os.path.dirname(os.__file__), *(path for path in sys.path if path)]
    shared = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", os.path.join(sys.base_prefix, "lib")]
    return [*library, *shared, "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/dev/null", "/dev/urandom"]


def interpreter_files() -> list[str]:
    """What starting Python again executes: the interpreter itself, which an environment links to, and its loader."""
    return [os.path.realpath(getattr(sys, "_base_executable", sys.executable)), *LOADERS]


def _limit() -> None:
    """Resource limits. Address space is counted, not memory in use: hence 50 MB above what is mapped already."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for kind, amount in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (amount, amount))
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as statm:
            mapped = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES, mapped + MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_STACK, (8 * 1024 * 1024,) * 2)
    del sys.modules["resource"]


def become(path: str) -> None:
    """Run the program as `__main__`; its errors read as if it had been started directly."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    main = ModuleType("__main__")
    main.__dict__.update(__file__="main.py", __builtins__=__builtins__)
    sys.modules["__main__"] = main
    sys.argv = ["main.py"]
    try:
        exec(compile(source, "main.py", "exec"), main.__dict__)
    except Exception as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, trace)
        sys.stdout.flush()
        sys.exit(1)


if __name__ == "__main__":
    directory = os.getcwd()
    try:
        confine(directory, *sys.argv[1:])
    except Exception as error:
        sys.stderr.write(f"not confined: {type(error).__name__}: {error}\n")
        sys.exit(UNCONFINED)
    become(os.path.join(directory, "main.py"))
