"""Configuration is read once, and what cannot be meant stops the start."""

import pytest

from functions.runtime.settings import Settings


def test_without_a_word_a_deployment_demands_tokens() -> None:
    assert Settings.from_env({}) == Settings(auth="jwt")


@pytest.mark.parametrize("auth", ["none", "", "OFF", "false", "jwt "])
def test_an_auth_that_is_neither_jwt_nor_off_is_refused(auth: str) -> None:
    with pytest.raises(ValueError, match="it can be 'jwt' or 'off'"):
        Settings.from_env({"AUTH": auth})


def test_everything_can_be_set() -> None:
    env = {
        "AUTH": "off",
        "LEARNFLOW_PUBLIC_URL": "https://learn.example/",
        "LOG_LEVEL": "debug",
        "DAPR_GRPC_PORT": "50010",
        "DAPR_HTTP_PORT": "3510",
        "DAPR_API_TOKEN": "token",
    }
    assert Settings.from_env(env) == Settings(
        auth="off",
        public_url="https://learn.example",
        log_level="DEBUG",
        dapr_grpc_port=50010,
        dapr_http_port=3510,
        dapr_api_token="token",
    )


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError):
        Settings.from_env({"DAPR_GRPC_PORT": "grpc"})


def test_a_call_without_a_sidecar_is_given_up_within_two_seconds() -> None:
    assert Settings().sidecar_timeout < 2
