"""Runs one program in a child process of its own: 5 s, 50 MB, no network, no files but its own.

What holds where. Everywhere: the wall clock and the cap on output (kept by this process, which kills the child), an
empty environment and temporary directory, the standard library only, and an audit hook in the child that refuses
network, processes and other files to code that does not set out to defeat it. Linux (x86_64, aarch64): besides,
by the kernel, seccomp (no network, no new process, no signal to others) and limits on address space (50 MB above
what the bare interpreter maps, so a mapping counts even when unused), CPU, file size (1 MB a file) and open files;
the program is not run if these are refused. Linux with Landlock (5.13 and later): files too, by the kernel; paths
elsewhere can still be tested for existence. Other Linux processors: no seccomp. macOS: CPU and file size limits, no
memory limit. Windows: no resource limits. On those two, run only programs that you would run yourself.

A program may be given more by `needs`, which is for the repository's own curriculum and for nothing that was written
at request time. "loopback": TCP on 127.0.0.0/8 and ::1 and no other address, by the audit hook alone; no other kind of
socket, by the kernel on Linux. "venv": links to the interpreter, new processes that run it, and modes and times of
files, which change nothing on Linux; there the kernel holds those processes to the same directory, limits and lack of
a network, and lets them execute nothing else (with Landlock). The hook does not follow into a new process: on macOS
only the wall clock and the limits hold there, on Windows nothing.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from functions.proof.child import UNCONFINED

WALL_SECONDS = 5.0
OUTPUT_BYTES = 64 * 1024
CHILD = Path(__file__).with_name("child.py")


class SandboxUnavailable(RuntimeError):
    """This system refused a limit that it should offer; nothing was run."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a program did. `exit_code` is negative for a signal; `truncated`: it wrote too much and was ended."""

    stdout: str
    stderr: str
    exit_code: int
    timed_out: bool
    truncated: bool

    @property
    def ok(self) -> bool:
        """Whether it ended by itself and without an error."""
        return self.exit_code == 0 and not self.timed_out and not self.truncated


async def run(code: str, stdin: str = "", *, seconds: float = WALL_SECONDS, hash_seed: int = 0,
              needs: str | None = None) -> Run:  # fmt: skip
    """Run a program to its end or its limit. Cancelling ends the child too. Raises SandboxUnavailable."""
    with tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as directory:
        own = os.path.realpath(directory)
        Path(own, "main.py").write_text(code, encoding="utf-8", newline="\n")
        process = await _start(own, hash_seed, needs)
        try:
            result = await _follow(process, stdin, seconds)
        finally:
            await asyncio.shield(_end(process, group=needs == "venv"))
    if result.exit_code == UNCONFINED and result.stderr.startswith("not confined: "):
        raise SandboxUnavailable(result.stderr.strip())
    return result


async def _start(directory: str, hash_seed: int, needs: str | None) -> asyncio.subprocess.Process:
    # -P -s -S rather than -I: no site, no packages, but the hash seed, without which sets print in any order.
    environment = {"PYTHONHASHSEED": str(hash_seed), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"TMPDIR": directory, "TEMP": directory, "TMP": directory, "HOME": directory, "TZ": "UTC"}
    if "SYSTEMROOT" in os.environ:  # Windows cannot start Python without it
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-s", "-S", str(CHILD), *([needs] if needs else []),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=directory, env=environment, start_new_session=sys.platform != "win32",
    )  # fmt: skip


async def _follow(process: asyncio.subprocess.Process, stdin: str, seconds: float) -> Run:
    assert process.stdin and process.stdout and process.stderr
    out, err = bytearray(), bytearray()
    timed_out = truncated = False
    try:
        async with asyncio.timeout(seconds):
            feeding = asyncio.create_task(_feed(process.stdin, stdin))
            try:
                whole = await asyncio.gather(_read(process.stdout, out, process), _read(process.stderr, err, process))
                truncated = not all(whole)
                await process.wait()
            finally:
                feeding.cancel()
    except TimeoutError:
        timed_out = True
        await _end(process)
    code = process.returncode if process.returncode is not None else -1
    return Run(_text(out), _text(err), code, timed_out, truncated)


async def _feed(pipe: asyncio.StreamWriter, text: str) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a program need not read its input
        pipe.write(text.encode())
        await pipe.drain()
        pipe.close()
        await pipe.wait_closed()


async def _read(pipe: asyncio.StreamReader, into: bytearray, process: asyncio.subprocess.Process) -> bool:
    """Read to the end. At the cap the child is killed and what is left dropped. True if all was kept."""
    while chunk := await pipe.read(8192):
        if len(into) + len(chunk) > OUTPUT_BYTES:
            into += chunk[: OUTPUT_BYTES - len(into)]
            _kill(process)
            while await pipe.read(8192):
                pass
            return False
        into += chunk
    return True


async def _end(process: asyncio.subprocess.Process, group: bool = False) -> None:
    """End the child if it has not ended, and read its pipes to their ends: until then asyncio keeps waiting.

    `group`: it may have left processes of its own behind, which end too.
    """
    if process.returncode is None or group:
        _kill(process)
    if process.stdin and not process.stdin.is_closing():
        process.stdin.transport.abort()
    with contextlib.suppress(TimeoutError):  # a grandchild, where nothing forbids one, may hold a pipe open
        async with asyncio.timeout(1):
            await process.communicate()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)  # the child leads a session of its own


def _text(raw: bytearray) -> str:
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")
