"""The embedded run: a crash at each point of its commits, clocks that jump, a disk that is full."""

import errno
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.faults import Fault, Line, Table
from tests.support.audit import audit
from tests.support.backends import Learnflow, eventually, new_learner
from tests.support.kept import read_embedded, waiting_embedded
from tests.support.load import Load
from tests.support.replaced import POINTS

REPLACED = "tests.support.replaced_learnflow"


@contextmanager
def under_load(server: Learnflow, table: Table, name: str) -> Iterator[Fault]:
    """As on the stack: clients while the fault happens, then quiet, then the audit."""
    users = [new_learner() for _ in range(3)]
    load = Load(users, lambda _: [f"http://127.0.0.1:{server.port}"], seed=1, pace=0.02)
    fault = Fault(Line(f"embedded: {name}"), load, users)
    load.start()
    try:
        load.more(5)
        yield fault
        load.more(5)
    except BaseException:
        load.abandon()
        raise
    told = load.finish()
    eventually(lambda: waiting_embedded(server.data) == 0)
    server.stop()
    fault.line.see(told, audit(told, read_embedded(users, server.data)))
    table.lines.append(fault.line)
    assert not fault.line.findings.all(), "\n".join(fault.line.findings.all())


@contextmanager
def running(data: Path, module: str = "", **variables: str) -> Iterator[Learnflow]:
    server = Learnflow(data, module, **variables)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


def test_a_crash_at_any_point_of_a_commit_loses_and_repeats_nothing(tmp_path: Path, table: Table) -> None:
    with running(tmp_path) as server, under_load(server, table, "a crash at each point of a commit") as fault:
        for number, point in enumerate(POINTS):
            server.stop(signal.SIGKILL)
            server.module, server.variables = REPLACED, {"LEARNFLOW_TEST_CRASH": f"{point}:{3 + number}"}
            assert server.spawn().wait(60) == -signal.SIGKILL
            fault.happened()
        server.module = ""
        server.stop()
        server.start()


def test_clocks_that_jump_lose_and_repeat_nothing(tmp_path: Path, table: Table) -> None:
    clock = {"LEARNFLOW_TEST_CLOCK": "24,-24,0"}
    with running(tmp_path, REPLACED, **clock) as server, under_load(server, table, "a clock that jumps a day") as fault:
        fault.load.more(40)
        fault.happened()
        server.stop(signal.SIGKILL)
        server.module = ""
        server.start()


Full = Callable[[Learnflow], None]


def fill(server: Learnflow) -> None:
    """Until nothing more can be written to the disk."""
    try:
        with (server.data / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
    except OSError as error:
        assert error.errno == errno.ENOSPC, error


def clear(server: Learnflow) -> None:
    (server.data / "ballast").unlink()


def forbid(server: Learnflow) -> None:
    """No file of the process may grow any more."""
    assert server.process
    largest = max(path.stat().st_size for path in server.data.iterdir())
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))


def allow(server: Learnflow) -> None:
    assert server.process
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "learnflow", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("who runs this may not mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_a_503_and_when_there_is_room_all_goes_on(small_disk: Path, table: Table) -> None:
    out_of_room(small_disk, table, "a full disk", fill, clear)


def test_a_file_that_may_not_grow_is_a_503_and_when_it_may_all_goes_on(tmp_path: Path, table: Table) -> None:
    out_of_room(tmp_path, table, "a file that may not grow", forbid, allow)


def out_of_room(data: Path, table: Table, name: str, begin: Full, end: Full) -> None:
    with running(data) as server, under_load(server, table, name) as fault:
        for _ in range(2):
            fault.load.more(30)
            begin(server)
            fault.happened()
            fault.load.all_refused()
            end(server)
