"""`learnflow doctor` on a machine on which something was broken on purpose: it names it, and what it names mends it."""

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.cli import main
from functions.doctor import embedded, stack
from functions.doctor.finding import MISSING, Finding, ok, run_all
from functions.runtime.local import FILE
from tests.support.backends import ROOT, Learnflow, environment, free_port
from tests.support.dapr_run import on_free_ports
from tests.support.fakes import logging_restored

Json = dict[str, Any]


def of(found: list[Json], name: str) -> Json:
    [one] = [each for each in found if each["name"] == name]
    return one


def test_where_nothing_is_wrong_it_says_so_and_exits_with_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "embedded", "--data", str(tmp_path), "--port", str(free_port()), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["embedded"]
    looked_at = ("python", "uv", "code", "port", "data")
    assert {each["name"]: each["state"] for each in found} == dict.fromkeys(looked_at, "ok")


def test_a_port_that_is_taken_is_named_with_another_that_learnflow_can_have() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        [found] = embedded.free("127.0.0.1", port)
    assert (found.state, found.said) == (MISSING, f"127.0.0.1:{port} cannot be listened on: Address already in use")
    assert found.mend == f"uv run learnflow --port {port + 1}"


def test_a_port_that_learnflow_itself_has_is_well(learnflow: Learnflow) -> None:
    [found] = embedded.free("127.0.0.1", learnflow.port)
    assert (found.state, found.said) == ("ok", f"learnflow answers at 127.0.0.1:{learnflow.port}")


@pytest.mark.parametrize("place", ["/proc/learnflow", "{tmp}/file/data"])
def test_a_directory_that_cannot_be_written_to_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    [found] = embedded.place(Path(place.format(tmp=tmp_path)))
    assert found.state == MISSING and "cannot be written to" in found.said


def test_a_table_that_is_gone_is_named_and_the_command_brings_it_back(learnflow: Learnflow) -> None:
    learnflow.stop()
    with sqlite3.connect(learnflow.data / FILE) as connection:
        connection.execute("DROP TABLE IF EXISTS alerts")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    [found] = embedded.place(learnflow.data)
    assert found.state == MISSING and "has no table alerts" in found.said
    own = Path(sys.executable)
    mend = found.mend.replace("uv run python", str(own)).replace("uv run learnflow", str(own.with_name("learnflow")))
    subprocess.run(["bash", "-ec", mend], check=True, capture_output=True)
    assert [each.state for each in embedded.place(learnflow.data)] == ["ok"]


def test_a_damaged_file_and_one_of_a_newer_version_are_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    assert "cannot be read: file is not a database" in next(iter(embedded.place(tmp_path))).said
    (tmp_path / FILE).unlink()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    [found] = embedded.place(tmp_path)
    assert (found.state, found.mend) == (MISSING, "git pull") and "of a newer version (99 > " in found.said


def test_code_that_does_not_load_and_a_stale_lock_are_named(tmp_path: Path) -> None:
    """In a copy of the project, broken twice."""
    for name in ("functions", "components", "pyproject.toml", "uv.lock", "README.md", "dapr.yaml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    project = tmp_path / "pyproject.toml"
    project.write_text(project.read_text().replace('"fsrs>=6.3,<7"', '"fsrs>=6.3,<6.4"'))
    handler = tmp_path / "functions" / "raise_alert" / "handler.py"
    handler.write_text("import nowhere\n" + handler.read_text())
    script = "import sys; from functions.cli import main; sys.exit(main())"
    asked = ["doctor", "embedded", "--json", "--data", str(tmp_path), "--port", str(free_port())]
    env = environment(PYTHONPATH=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script, *asked], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["embedded"]
    assert of(found, "code")["said"] == "it does not load: ModuleNotFoundError: No module named 'nowhere'"
    assert of(found, "uv")["state"] == MISSING and of(found, "uv")["mend"] == "uv lock"


def test_ways_that_nobody_set_up_are_not_set_up_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("LEARNFLOW_KAFKA", "LEARNFLOW_POSTGRES", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "dapr.yaml"  # another one may be running on this machine
    file.write_text(yaml.safe_dump(on_free_ports(["get-status"])))
    monkeypatch.setattr(stack, "DAPR_FILE", file)
    arguments = ["--data", str(tmp_path), "--port", str(free_port()), "--namespace", "nobody-has-this"]
    code = main(["doctor", *arguments])
    text = capsys.readouterr().out
    assert code == 0, text
    assert "  not set up stack " in text and "  not set up cluster " in text and "\x1b" not in text
    assert main(["doctor", "stack", "cluster", *arguments]) == 1, "when it is asked for, it has to be there"
    text = capsys.readouterr().out
    assert "LEARNFLOW_KAFKA is not set" in text and "→ export LEARNFLOW_POSTGRES=" in text


def test_what_does_not_answer_holds_nothing_up() -> None:
    silent = threading.Event()

    def hangs() -> list[Finding]:
        silent.wait()
        return []

    def breaks() -> list[Finding]:
        raise RuntimeError("no way")

    begun = time.monotonic()
    found = run_all([("hangs", hangs), ("breaks", breaks), ("well", lambda: [ok("well", "fine")])], 0.2)
    assert time.monotonic() - begun < 10, "not for ever"
    silent.set()
    assert [(each.name, each.state, each.said) for each in found] == [
        ("hangs", MISSING, "no answer in 0.2 s"),
        ("breaks", MISSING, "could not be checked: RuntimeError: no way"),
        ("well", "ok", "fine"),
    ]


def test_a_kafka_and_a_database_that_are_not_there_are_named_within_their_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nobody = free_port()
    place = f"host=127.0.0.1 port={nobody} user=x password=x database=x"
    with logging_restored():
        asked = ["--json", "--bootstrap-servers", f"127.0.0.1:{nobody}", "--postgres", place]
        assert main(["doctor", "stack", *asked]) == 1
    found = json.loads(capsys.readouterr().out)["stack"]
    assert of(found, "kafka")["said"].startswith(f"no answer at 127.0.0.1:{nobody} (")
    assert of(found, "postgresql")["said"].startswith(f"no way into 127.0.0.1:{nobody}/x (")
    assert "password=x" not in json.dumps(found)
