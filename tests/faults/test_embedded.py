"""The embedded run: a crash at each point of its commits, clocks that jump, a disk that is full."""

import errno
import random
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.embedded import PING_SECONDS
from tests.support.backends import Learnflow, eventually
from tests.support.faults import Fault
from tests.support.faults import under_load as anywhere
from tests.support.kept import Kept, read_embedded, waiting_embedded
from tests.support.replaced import POINTS

REPLACED = "tests.support.replaced_learnflow"


class Embedded(Learnflow):
    """With clients; all of it is read when it has ended."""

    def __init__(self, data: Path, client: httpx.Client, module: str = "", **variables: str) -> None:
        super().__init__(data, module, **variables)
        self.client, self.random = client, random.Random(1)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, f"http://127.0.0.1:{self.port}{path}", **options)

    def quiet(self) -> None:
        eventually(lambda: waiting_embedded(self.data) == 0, 2 * PING_SECONDS)  # by the relay, what found no room
        self.stop()

    def kept(self, users: Sequence[str]) -> dict[str, Kept]:
        return read_embedded(users, self.data)


def under_load(server: Embedded, name: str) -> AbstractContextManager[Fault]:
    return anywhere(server, f"embedded: {name}", pace=0.02)


@contextmanager
def running(data: Path, module: str = "", **variables: str) -> Iterator[Embedded]:
    with httpx.Client(timeout=5) as client:
        server = Embedded(data, client, module, **variables)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGKILL)


def test_a_crash_at_any_point_of_a_commit_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as server, under_load(server, "a crash at each point of a commit") as fault:
        for number, point in enumerate(POINTS):
            server.stop(signal.SIGKILL)
            server.module, server.variables = REPLACED, {"LEARNFLOW_TEST_CRASH": f"{point}:{3 + number}"}
            assert server.spawn().wait(60) == -signal.SIGKILL
            fault.happened()
        server.module = ""
        server.stop()
        server.start()


def test_clocks_that_jump_lose_and_repeat_nothing(tmp_path: Path) -> None:
    clock = {"LEARNFLOW_TEST_CLOCK": "24,-24,0"}
    with running(tmp_path, REPLACED, **clock) as server, under_load(server, "a clock that jumps a day") as fault:
        fault.load.more(40)
        fault.happened()
        server.stop(signal.SIGKILL)
        server.module = ""
        server.start()


Full = Callable[[Embedded], None]


def fill(server: Embedded) -> None:
    """Until nothing more can be written to the disk."""
    try:
        with (server.data / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
    except OSError as error:
        assert error.errno == errno.ENOSPC, error


def clear(server: Embedded) -> None:
    (server.data / "ballast").unlink()


def forbid(server: Embedded) -> None:
    """No file of the process may grow any more."""
    assert server.process
    largest = max(path.stat().st_size for path in server.data.iterdir())
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))


def allow(server: Embedded) -> None:
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


def test_a_full_disk_is_a_503_and_when_there_is_room_all_goes_on(small_disk: Path) -> None:
    out_of_room(small_disk, "a full disk", fill, clear)


def test_a_file_that_may_not_grow_is_a_503_and_when_it_may_all_goes_on(tmp_path: Path) -> None:
    out_of_room(tmp_path, "a file that may not grow", forbid, allow)


def out_of_room(data: Path, name: str, begin: Full, end: Full) -> None:
    with running(data) as server, under_load(server, name) as fault:
        for _ in range(2):
            fault.load.more(30)
            begin(server)
            fault.happened()
            fault.load.all_refused()
            end(server)
