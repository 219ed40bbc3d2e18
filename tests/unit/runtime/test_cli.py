"""`learnflow --help` tells of everything that the command can do."""

from pathlib import Path

import pytest

from functions.cli import main
from functions.developer_tokens import AUDIENCE, ISSUER
from functions.runtime.ports import Principal
from functions.runtime.settings import TokenSettings
from functions.runtime.tokens import Verifier


def help_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_help_names_every_option_and_command(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys=capsys)
    for name in (
        "--host",
        "--port",
        "--data",
        "verify",
        "contracts",
        "dead-letters",
        "new",
        "remove",
        "/docs",
        "/health/ready",
    ):
        assert name in text, name
    assert "127.0.0.1" in text and "8080" in text and "learnflow-data" in text


@pytest.mark.parametrize(("command", "option"), [("verify", "--write"), ("contracts", "--check")])
def test_each_command_explains_its_option(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert option in help_of(command, capsys=capsys)


@pytest.mark.parametrize("arguments", [["publish"], ["--prot", "80"], ["--port", "http"]])
def test_what_is_not_understood_ends_with_an_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: learnflow" in capsys.readouterr().err


def test_a_place_where_no_state_can_be_kept_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["--data", str(tmp_path / "file" / "data")]) == 1
    assert "state cannot be kept in" in capsys.readouterr().err


def test_without_a_word_on_who_may_come_nothing_is_served_to_other_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUTH", raising=False)
    assert main(["--host", "0.0.0.0", "--data", str(tmp_path)]) == 1
    assert "learnflow: others can reach 0.0.0.0: set AUTH=jwt" in capsys.readouterr().err


async def test_a_token_of_your_own_is_accepted_with_the_key_set_that_belongs_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, jwks = tmp_path / "key.json", tmp_path / "jwks.json"
    assert main(["token", "--jwks", "--key", str(key)]) == 0
    jwks.write_text(capsys.readouterr().out)
    assert key.stat().st_mode & 0o777 == 0o600
    assert '"d"' in key.read_text() and '"d"' not in jwks.read_text()
    assert main(["token", "maya", "--role", "teacher", "--key", str(key)]) == 0
    token = capsys.readouterr().out.strip()
    verifier = Verifier(TokenSettings(ISSUER, AUDIENCE, jwks.as_uri()))
    assert await verifier.principal(token) == Principal("maya", "teacher")


@pytest.mark.parametrize("arguments", [["token"], ["token", "maya", "--jwks"], ["token", "maya", "--role", "admin"]])
def test_a_token_for_nobody_is_none(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)


def test_a_key_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key.json").write_text("{}")
    assert main(["token", "maya", "--key", str(tmp_path / "key.json")]) == 1
    assert "learnflow: no key in" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["dapr", "on"])
def test_a_model_that_the_embedded_run_cannot_have_stops_the_start(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNFLOW_MODEL", model)
    assert main(["--data", str(tmp_path)]) == 1
    assert "LEARNFLOW_MODEL" in capsys.readouterr().err
