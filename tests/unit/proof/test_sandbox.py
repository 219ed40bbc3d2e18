"""The sandbox: programs run as usual, and none gets at the network, other processes, files or more than its share."""

import asyncio
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from functions.proof import landlock, sandbox, seccomp
from functions.proof.audit import hook
from functions.proof.sandbox import Run, run

linux = pytest.mark.skipif(sys.platform != "linux", reason="enforced by the Linux kernel")


def ran(code: str, stdin: str = "", seconds: float = sandbox.WALL_SECONDS) -> Run:
    return asyncio.run(run(code, stdin, seconds=seconds))


def alone(layer: str, then: str) -> subprocess.CompletedProcess[str]:
    """A process with one layer only, so that no other one can do its work for it."""
    return subprocess.run([sys.executable, "-c", f"{layer}\n{then}"], capture_output=True, text=True, check=False)


def test_a_program_reads_its_input_and_its_output_is_captured() -> None:
    result = ran("name = input()\nprint('Hello,', name)\nprint('é €')", "Maya\n")
    assert (result.stdout, result.stderr, result.exit_code, result.ok) == ("Hello, Maya\né €\n", "", 0, True)


def test_an_error_reads_as_if_the_program_had_been_started_directly() -> None:
    result = ran("def f():\n    return 1 / 0\nf()")
    assert result.exit_code == 1 and not result.ok
    assert result.stderr.startswith('Traceback (most recent call last):\n  File "main.py", line 3')
    assert result.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_program_may_choose_its_exit_code_and_leave_input_unread() -> None:
    assert ran("import sys\nsys.exit(3)", "x" * 1_000_000).exit_code == 3


def test_a_program_that_does_not_end_is_ended() -> None:
    result = ran("print('before', flush=True)\nwhile True: pass", seconds=1)
    assert result.timed_out and not result.ok


def test_a_cancelled_run_leaves_no_process_and_no_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def cancel_once_started() -> asyncio.subprocess.Process:
        started: list[asyncio.subprocess.Process] = []
        original = sandbox._start

        async def start(directory: str, hash_seed: int, needs: str | None) -> asyncio.subprocess.Process:
            started.append(await original(directory, hash_seed, needs))
            return started[0]

        monkeypatch.setattr(sandbox, "_start", start)
        task = asyncio.create_task(run("while True: pass"))
        while not started:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return started[0]

    assert asyncio.run(cancel_once_started()).returncode is not None
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_prints_without_end_is_ended_and_its_output_capped() -> None:
    result = ran("while True: print('x' * 1000)")
    assert result.truncated and len(result.stdout) <= sandbox.OUTPUT_BYTES


@linux
def test_30_megabytes_are_given_and_60_are_not() -> None:
    assert ran("x = 'a' * 30_000_000\nprint(len(x))").stdout == "30000000\n"
    assert "MemoryError" in ran("x = 'a' * 60_000_000").stderr


@linux
def test_a_file_cannot_grow_beyond_its_limit() -> None:
    assert not ran("with open('big', 'w') as f:\n    f.write('x' * 2_000_000)\nprint('written')").stdout


def test_a_program_has_a_directory_of_its_own_to_read_and_write() -> None:
    code = "open('a.txt', 'w').write('mine')\nprint(open('a.txt').read())\nimport os\nprint(sorted(os.listdir()))"
    assert ran(code).stdout == "mine\n['a.txt', 'main.py']\n"


@pytest.mark.parametrize(
    "code",
    [
        "import socket\nsocket.socket()",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:1')",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.fork()",
        "import os\nos.kill(1, 0)",
        "import ctypes\nctypes.CDLL(None)",
        f"open({str(Path(__file__))!r})",
        f"open({str(Path(__file__).with_name('escaped'))!r}, 'w')",
        "open('../escaped', 'w')",
        "import os\nos.rename('main.py', '../escaped')",
        "import os\nos.symlink('/', 'root')\nopen('root/etc/hosts')",
        "import os\nos.listdir('/')",
        "import os\nos.chmod('main.py', 0o777)",
    ],
)
def test_what_a_program_must_not_do_fails(code: str) -> None:
    result = ran(code + "\nprint('done')")
    assert result.exit_code == 1 and "done" not in result.stdout
    assert "not allowed here" in result.stderr or "Permission denied" in result.stderr


def test_only_the_standard_library_and_nothing_of_the_project_can_be_imported() -> None:
    for name in ("pydantic", "functions"):
        assert f"No module named '{name}'" in ran(f"import {name}").stderr
    assert ran("import csv, json, datetime, random, threading, asyncio\nprint('ok')").stdout == "ok\n"


def test_a_program_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "s3cret")
    assert "s3cret" not in ran("import os\nprint(dict(os.environ))").stdout


@linux
@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.socket()",
        "import socket; socket.socketpair()",
        "import os; os.fork()",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import os; os.kill(os.getppid(), 0)",
        "import os; os.memfd_create('x')",
        "import os; os.chmod('.', 0o755)",
        "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    ],
)
def test_the_filter_refuses_by_itself(attempt: str) -> None:
    result = alone("from functions.proof import seccomp; assert seccomp.install()", attempt + "; print('done')")
    assert result.returncode == 1 and result.stdout == ""
    # setrlimit words its EPERM as a ValueError
    assert "PermissionError: [Errno 1]" in result.stderr or "not allowed to raise maximum limit" in result.stderr


@linux
def test_the_filter_leaves_threads_and_a_programs_own_end_alone() -> None:
    result = alone(
        "from functions.proof import seccomp; assert seccomp.install()",
        "import os, resource, sys, threading\n"
        "thread = threading.Thread(target=print, args=('thread',)); thread.start(); thread.join()\n"
        "resource.getrlimit(resource.RLIMIT_CPU); sys.stdout.flush(); os.kill(os.getpid(), 9)",
    )
    assert (result.stdout, result.returncode) == ("thread\n", -9)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_lands_inside_it(machine: str) -> None:
    code = seccomp.program(machine, 1)
    instructions = list(struct.iter_unpack("HBBI", code))
    assert instructions[-1][0] == 0x06, "the last one gives a verdict"
    assert all(at + 1 + max(yes, no) < len(instructions) for at, (_, yes, no, _) in enumerate(instructions[:-1]))


@pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")
def test_landlock_refuses_other_files_by_itself(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "secret").write_text("s3cret")
    layer = f"from functions.proof import landlock; assert landlock.install({str(own)!r}, [])"
    assert alone(layer, f"open({str(own / 'a')!r}, 'w').write('x'); print('done')").stdout == "done\n"
    for attempt in (f"open({str(other / 'secret')!r})", f"open({str(other / 'new')!r}, 'w')"):
        assert "PermissionError" in alone(layer, attempt).stderr


def test_the_audit_hook_refuses_by_itself(tmp_path: Path) -> None:
    check = hook(str(tmp_path), [])
    check("open", (str(tmp_path / "a"), "w", 1))
    for event, arguments in (
        ("open", (str(tmp_path.parent / "b"), "r", 0)),
        ("open", (str(tmp_path) + "-neighbour", "r", 0)),
        ("os.rename", (str(tmp_path / "a"), str(tmp_path.parent / "a"), -1, -1)),
        ("socket.connect", (None, ("127.0.0.1", 1))),
        ("subprocess.Popen", ("true", [], None, None)),
    ):
        with pytest.raises(PermissionError):
            check(event, arguments)
