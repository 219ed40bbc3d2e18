"""A person's commands at a real Kafka with TLS, clients' certificates and accounts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.cli import main
from functions.kafka_access import FOLDER
from tests.support.own_stack import Kafka
from tests.support.secured_kafka import PASSWORD, secured_kafka
from tests.support.topics import create_topics

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kafka, Path]]:
    auth = tmp_path_factory.mktemp("auth")
    kafka = secured_kafka(tmp_path_factory.mktemp("kafka"), auth)
    kafka.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(auth))
        create_topics(servers(kafka))
    yield kafka, auth
    kafka.kill()


def servers(kafka: Kafka) -> str:
    return f"127.0.0.1:{kafka.port}"


def test_with_the_folder_of_a_secret_commands_write_and_read_and_the_doctor_sees_topics(
    secured: tuple[Kafka, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kafka, auth = secured
    monkeypatch.setenv(FOLDER, str(auth))
    there = ["--bootstrap-servers", servers(kafka)]
    event = {"specversion": "1.0", "id": "over-tls", "source": "/test", "type": "com.example.seen", "data": {}}
    assert main(["events", "send", "--topic", "lesson-generated", "--json", json.dumps(event), *there]) == 0
    assert main(["events", "list", *there]) == 0
    assert "over-tls" in capsys.readouterr().out
    assert main(["dead-letters", "list", *there]) == 0
    assert capsys.readouterr().out == "0 dead letters, 0 wait for a replay\n"
    main(["doctor", "stack", "--json", *there])
    found = {each["name"]: each["state"] for each in json.loads(capsys.readouterr().out)["stack"]}
    assert found["kafka"] == found["topics"] == "ok"


@pytest.mark.parametrize("without", ["password", "user.crt", "ca.crt", ""])
def test_who_lacks_one_of_its_parts_is_told_so_and_nobodys_password(
    secured: tuple[Kafka, Path],
    without: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    kafka, auth = secured
    for part in auth.iterdir():
        if part.name != without and not (without == "user.crt" and part.name == "user.key"):
            (tmp_path / part.name).write_bytes(part.read_bytes())
    if without == "password":
        (tmp_path / "password").write_text("another")
    monkeypatch.setenv(FOLDER, str(tmp_path if without else ""))
    assert main(["dead-letters", "list", "--bootstrap-servers", servers(kafka)]) == 1
    said = capfd.readouterr().err
    assert said.startswith(f"learnflow: Kafka did not answer at {servers(kafka)} (") and said.count("\n") == 1
    assert PASSWORD not in said
