"""Kafka and PostgreSQL as processes of a test run's own, on ports and data of their own, to be killed.

Their programs are those of the PATH (`java`, `initdb`, `postgres`), Kafka's jars those below LEARNFLOW_STACK.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import asyncpg

from tests.support import postgres
from tests.support.backends import free_ports
from tests.support.presence import kafka_jars, postgres_program

OWNER = "postgres"  # PostgreSQL refuses to run as root
# a broker that was killed is let in again when the session of its former self has ended
SERVER = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.partitions=6
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
"""
# starts in half the time; as much work as this is never worth the better compiler
JAVA = ("java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


class Server:
    """One process that listens on a port. `kill` is `kill -9`; what it had written is there at its next start."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Returns when it answers. A start that finds remains of the one before is tried again."""
        end = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < end, f"{type(self).__name__} did not start; see {self.folder}"
            if self.process is None or self.process.poll() is not None:
                self.process = self._run(self.command())
            time.sleep(0.05)

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def restart(self) -> None:
        self.kill()
        self.start()

    def _run(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **self.owner())  # type: ignore[call-overload,no-any-return]

    def owner(self) -> dict[str, object]:
        return {}

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return False
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        return False


class Kafka(Server):
    """One broker. `advertised`: the port by which its clients are told to come, its own if 0; `more`: settings."""

    def __init__(self, folder: Path, advertised: int = 0, more: str = "") -> None:
        port, controller = free_ports(2)
        super().__init__(folder, port)
        places = {"port": port, "controller": controller, "advertised": advertised or port, "data": folder / "data"}
        self.settings = folder / "server.properties"
        self.settings.write_text(SERVER.format(**places) + more)  # of two of a name the last counts
        cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        formatting = [*self._java(), "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster]
        assert self._run([*formatting, "-c", str(self.settings)]).wait(60) == 0, f"see {folder / 'log'}"

    @staticmethod
    def _java() -> list[str]:
        return [*JAVA, "-cp", f"{kafka_jars()}/*"]

    def command(self) -> Sequence[str]:
        return [*self._java(), "kafka.Kafka", str(self.settings)]


class Postgres(Server):
    """One server with the database `learnflow`, and durable as it is by default."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, free_ports(1)[0])
        if self.owner():
            shutil.chown(folder, OWNER, OWNER)
        made = [postgres_program("initdb"), "-D", str(folder / "data"), "-U", "learnflow", "--auth=trust", "--no-sync"]
        assert self._run(made).wait(60) == 0, f"see {folder / 'log'}"

    def owner(self) -> dict[str, object]:
        return {"user": OWNER, "group": OWNER, "extra_groups": [], "cwd": "/"} if os.geteuid() == 0 else {}

    def command(self) -> Sequence[str]:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "300"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [postgres_program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *options]

    def _answers(self) -> bool:
        """While it starts and recovers it takes connections, and refuses whoever comes."""
        if not super()._answers():
            return False
        with suppress(OSError, asyncpg.exceptions.PostgresError):
            postgres.rows("SELECT 1", **self.place("postgres"))
            return True
        return False

    def place(self, database: str = "learnflow") -> dict[str, str]:
        """How to reach it, for `tests.support.postgres`."""
        login = {"user": "learnflow", "password": "unused", "database": database}
        return {"host": "127.0.0.1", "port": str(self.port)} | login

    def kill_a_session(self, number: int) -> None:
        """`kill -9` of one process that serves a connection: the server ends all the others and recovers."""
        assert self.process
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        with suppress(ProcessLookupError):
            os.kill(int(found[number % len(found)]), signal.SIGKILL)
