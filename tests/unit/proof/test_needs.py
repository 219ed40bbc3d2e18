"""What a program may be given besides: loopback, or a virtual environment. Nothing else, and by `verify` only."""

import asyncio
import struct
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.learning.curriculum import Case, Content, Example, Exercise, Question
from functions.proof import landlock, sandbox, seccomp
from functions.proof.audit import hook
from functions.proof.prove import Unproved, prove
from functions.proof.sandbox import Run

linux = pytest.mark.skipif(sys.platform != "linux", reason="enforced by the Linux kernel")
with_landlock = pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")

Event = tuple[str, tuple[Any, ...]]
SERVER = """
import json, threading, urllib.error, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/weather" else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"degrees": 21}).encode())

server = HTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
"""
ASKS = (
    SERVER
    + """
with urllib.request.urlopen(base + "/weather", timeout=2) as answer:
    print(answer.status, json.load(answer)["degrees"])
try:
    urllib.request.urlopen(base + "/wether", timeout=2)
except urllib.error.HTTPError as error:
    print(error.code)
"""
)
MAKES = """
import subprocess, sys, venv
venv.EnvBuilder(symlinks=True, with_pip=False).create("env")
python = "env/Scripts/python.exe" if sys.platform == "win32" else "env/bin/python"

def inside(code):
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    print(done.stdout + done.stderr[-300:], end="")
"""


def ran(code: str, needs: str | None) -> Run:
    return asyncio.run(sandbox.run(code, needs=needs))


def assert_refused(attempt: str, needs: str) -> None:
    result = ran(f"{attempt}\nprint('done')", needs)
    assert result.exit_code == 1 and "done" not in result.stdout
    assert "not allowed here" in result.stderr or "Permission denied" in result.stderr


def test_a_program_that_needs_loopback_serves_and_asks_itself() -> None:
    result = ran(ASKS, "loopback")
    assert (result.stdout, result.ok) == ("200 21\n404\n", True), result.stderr


def test_a_program_that_needs_loopback_may_serve_many_at_once() -> None:
    threads = (
        "def ask(_):\n    return json.load(urllib.request.urlopen(base + '/weather', timeout=4))['degrees']\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n    print(sum(pool.map(ask, range(16))))\n"
    )
    result = ran(SERVER.replace("HTTPServer", "ThreadingHTTPServer") + threads, "loopback")
    assert result.stdout == "336\n", result.stderr


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('10.0.0.1', 80), 1)",
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.socket().connect(('192.0.2.1', 80))",
        "socket.socket().connect_ex(('192.0.2.1', 80))",
        "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
        "socket.socket().bind(('0.0.0.0', 0))",
        "socket.socket().bind(('', 0))",
        "socket.socket(socket.AF_INET6).bind(('::', 0))",
        "socket.socket().sendto(b'x', ('192.0.2.1', 80))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.gethostbyname('example.org')",
        "socket.create_connection(('127.0.0.1.example.org', 80), 1)",
        "__import__('urllib.request').request.urlopen('http://192.0.2.1/', timeout=1)",
        f"open({str(Path(__file__))!r})",
        "open('../escaped', 'w')",
        "__import__('urllib.request').request.urlopen('file:///etc/passwd')",
        "__import__('subprocess').run(['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.fork()",
        "os.chmod('main.py', 0o777)",
        "os.symlink('/etc', 'etc')",
    ],
)
def test_a_program_that_needs_loopback_gets_nothing_else(attempt: str) -> None:
    assert_refused(f"import os, socket\n{attempt}", "loopback")


def test_a_program_that_needs_an_environment_makes_and_runs_one() -> None:
    code = MAKES + (
        "from pathlib import Path\n"
        "print('version' in Path('env/pyvenv.cfg').read_text())\n"
        "inside('import os, sys; print(sys.prefix != sys.base_prefix, sys.prefix == os.path.abspath(\\'env\\'))')\n"
    )
    result = ran(code, "venv")
    assert result.stdout == "True\nTrue True\n", result.stderr


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 80), 1)",
        f"open({str(Path(__file__))!r})",
        "open('../escaped', 'w')",
        "subprocess.run(['true'])",
        "subprocess.run(['/bin/sh', '-c', 'true'])",
        "subprocess.run(['env/bin/python', '-c', '1'], cwd='/')",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.fork()",
        "os.kill(os.getppid(), 0)",
        "os.symlink('/etc', 'etc')",
        "os.symlink('main.py', '../escaped')",
        f"os.chmod({str(Path(__file__))!r}, 0o644)",
        f"os.utime({str(Path(__file__))!r})",
    ],
)
def test_a_program_that_needs_an_environment_gets_nothing_else(attempt: str) -> None:
    assert_refused(f"import os, socket, subprocess\n{attempt}", "venv")


@linux
@with_landlock
@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("import socket; socket.socket()", "PermissionError: [Errno 1]"),
        (f"open({str(Path(__file__))!r})", "PermissionError: [Errno 13]"),
        ("open('../escaped', 'w')", "PermissionError: [Errno 13]"),
        ("import os; os.execv('/bin/true', ['true'])", "PermissionError: [Errno 13]"),
        ("import os; os.setsid()", "PermissionError: [Errno 1]"),
        ("import os; os.kill(1, 0)", "PermissionError: [Errno 1]"),
        ("x = 'a' * 90_000_000", "MemoryError"),
        ("open('big', 'w').write('x' * 2_000_000)", "OSError: [Errno 27]"),
    ],
)
def test_the_environments_python_is_held_by_the_kernel(attempt: str, error: str) -> None:
    result = ran(f"{MAKES}\ninside({attempt!r})", "venv")
    assert error in result.stdout, result.stdout + result.stderr


@linux
def test_modes_and_times_of_other_files_stay_as_they_are(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("x")
    other.chmod(0o640)
    before = other.stat()
    attempt = f"import os; os.chmod({str(other)!r}, 0o777); os.utime({str(other)!r}, (1, 1))"
    assert ran(f"{MAKES}\ninside({attempt!r})", "venv").ok
    assert (other.stat().st_mode, other.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


@linux
def test_a_process_left_behind_ends_with_its_program() -> None:
    code = MAKES + (
        "out = open('out', 'w')\n"
        "left = subprocess.Popen([python, '-c', 'while True: pass'], stdin=out, stdout=out, stderr=out)\n"
        "print(left.pid)\nsys.stdout.flush()\n__import__('os')._exit(0)\n"
    )
    result = ran(code, "venv")
    assert result.exit_code == 0, result.stderr
    for _ in range(50):
        stat = Path(f"/proc/{int(result.stdout)}/stat")
        if not stat.exists() or " Z " in stat.read_text():
            return
        time.sleep(0.02)
    raise AssertionError("it is still running")


@pytest.mark.parametrize(("code", "needs"), [(ASKS, "venv"), (ASKS, None), (MAKES, "loopback"), (MAKES, None)])
def test_a_program_gets_what_it_is_marked_for_only(code: str, needs: str | None) -> None:
    result = ran(code, needs)
    assert result.exit_code == 1 and "not allowed here" in result.stderr


def test_a_need_that_there_is_none_of_is_no_program() -> None:
    with pytest.raises(sandbox.SandboxUnavailable, match="nothing to give for 'network'"):
        ran("print(1)", "network")


EXAMPLE = Example("Weather", "beginner", ASKS, "", "Note.", "", needs="loopback")
CODE_OUTPUT = Question("q", "code_output", "beginner", "What?", ASKS, (), (), None, "Because.", "loopback")
BLANK = Question("q", "fill_blank", "beginner", "Fill.", "print(____)", (), ("1",), "1", "Because.", "venv")
EXERCISE = Exercise("e", "E", "beginner", True, "Ask.", "", ASKS, (Case("", "21", False),), (), needs="loopback")
EMPTY = Content("apis", {}, "Recap.", (), (), (), (), None)


@pytest.mark.parametrize(
    "marked",
    [
        replace(EMPTY, examples=(EXAMPLE,)),
        replace(EMPTY, exercises=(EXERCISE,)),
        replace(EMPTY, quiz=(CODE_OUTPUT,)),
        replace(EMPTY, quiz=(BLANK,)),
    ],
)
def test_whoever_proves_without_a_runner_of_his_own_cannot_give_what_is_marked(marked: Content) -> None:
    with pytest.raises(Unproved, match="which is not given here"):
        asyncio.run(prove(marked))


def test_a_marked_item_is_proved_by_a_runner_that_honours_the_mark() -> None:
    done = asyncio.run(prove(replace(EMPTY, examples=(EXAMPLE,), quiz=(CODE_OUTPUT,)), sandbox.run))
    assert done.examples[0].expected_stdout == done.quiz[0].expected_output == "200 21\n404\n"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("needs", ["loopback", "venv"])
def test_every_jump_of_a_wider_filter_lands_inside_it(machine: str, needs: str) -> None:
    instructions = list(struct.iter_unpack("HBBI", seccomp.program(machine, 1, needs)))
    assert instructions[-1][0] == 0x06, "the last one gives a verdict"
    jumps = [(at, yes, no) for at, (code, yes, no, _) in enumerate(instructions) if code & 7 == 5]
    assert all(at + 1 + max(yes, no) < len(instructions) for at, yes, no in jumps)


def test_the_audit_hook_gives_only_what_is_needed_by_itself(tmp_path: Path) -> None:
    python = tmp_path.parent / "python"
    check = {needs: hook(str(tmp_path), [], needs, [str(python)]) for needs in ("loopback", "venv")}
    connect: Event = ("socket.connect", (None, ("127.0.0.1", 1)))
    link: Event = ("os.symlink", (str(python), str(tmp_path / "p"), -1))
    start: Event = ("subprocess.Popen", (str(tmp_path / "p"), [], None, None))
    check["loopback"](*connect)
    check["venv"](*link)
    check["venv"](*start)
    refused: list[tuple[str, Event]] = [
        ("venv", connect),
        ("loopback", link),
        ("loopback", start),
        ("loopback", ("socket.connect", (None, ("127.0.0.1x", 1)))),
        ("loopback", ("socket.connect", (None, "/run/docker.sock"))),
        ("venv", ("subprocess.Popen", ("true", [], None, None))),
        ("venv", ("os.symlink", (str(python), str(tmp_path.parent / "p"), -1))),
    ]
    for needs, (event, arguments) in refused:
        with pytest.raises(PermissionError):
            check[needs](event, arguments)
