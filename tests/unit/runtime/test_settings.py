"""Configuration is read once, and what cannot be meant stops the start."""

import pytest

from functions.runtime.settings import ModelSettings, Settings, TokenSettings


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
        "APP_API_TOKEN": "other",
    }
    assert Settings.from_env(env) == Settings(
        auth="off",
        public_url="https://learn.example",
        log_level="DEBUG",
        dapr_grpc_port=50010,
        dapr_http_port=3510,
        dapr_api_token="token",
        app_api_token="other",
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer.example/jwks.json",
        "http://127.0.0.1:8000/jwks.json",
        "http://jwks.learnflow.svc/jwks.json",
        "http://jwks.learnflow.svc.cluster.local:8080/jwks.json",
        "file:///etc/learnflow/jwks.json",
    ],
)
def test_keys_come_from_where_nobody_on_the_way_can_change_them(url: str) -> None:
    env = {"LEARNFLOW_JWT_ISSUER": "i", "LEARNFLOW_JWT_AUDIENCE": "a", "LEARNFLOW_JWKS_URL": url}
    found = Settings.from_env(env).tokens
    assert (found, found.missing) == (TokenSettings("i", "a", url), [])


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/jwks.json",
        "http://10.0.0.1/jwks.json",
        "http://evil.example/.svc",
        "http://svc/jwks.json",
        "ftp://issuer.example/jwks.json",
        "file://elsewhere/jwks.json",
        "issuer.example/jwks.json",
        "https://",
    ],
)
def test_keys_from_anywhere_else_stop_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="LEARNFLOW_JWKS_URL"):
        Settings.from_env({"LEARNFLOW_JWKS_URL": url})


@pytest.mark.parametrize(
    "wrong",
    [{"JWT_LEEWAY": "3600"}, {"JWT_LEEWAY": "-1"}, {"JWKS_FRESH": "0"}, {"JWKS_KEPT": "100000"}, {"JWKS_KEPT": "60"}],
)
def test_times_that_would_make_tokens_or_keys_last_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Settings.from_env({f"LEARNFLOW_{name}": value for name, value in wrong.items()})


def test_what_is_missing_to_check_tokens_is_named() -> None:
    assert Settings.from_env({"LEARNFLOW_JWT_AUDIENCE": "a"}).tokens.missing == [
        "LEARNFLOW_JWT_ISSUER",
        "LEARNFLOW_JWKS_URL",
    ]


def test_no_secret_is_shown_where_settings_are() -> None:
    assert "s3cret" not in repr(Settings(dapr_api_token="s3cret", app_api_token="s3cret"))


# The embedded run


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_on_loopback_there_are_no_accounts_unless_said_so(host: str) -> None:
    assert Settings.embedded(host, {}).auth == "off"
    env = {"AUTH": "jwt", "LEARNFLOW_JWT_ISSUER": "i", "LEARNFLOW_JWT_AUDIENCE": "a", "LEARNFLOW_JWKS_URL": "file:///k"}
    assert Settings.embedded(host, env).auth == "jwt"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "learn.example"])
def test_where_others_can_come_it_has_to_be_said_who_may(host: str) -> None:
    with pytest.raises(ValueError, match="AUTH=jwt"):
        Settings.embedded(host, {})
    with pytest.raises(ValueError, match="LEARNFLOW_JWT_ISSUER"):
        Settings.embedded(host, {"AUTH": "jwt"})
    assert Settings.embedded(host, {"AUTH": "off"}).auth == "off"


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError):
        Settings.from_env({"DAPR_GRPC_PORT": "grpc"})


def test_a_call_without_a_sidecar_is_given_up_within_two_seconds() -> None:
    assert Settings().sidecar_timeout < 2


ENDPOINT = {
    "LEARNFLOW_MODEL": "openai",
    "LEARNFLOW_MODEL_URL": "http://127.0.0.1:11434/v1/",
    "LEARNFLOW_MODEL_NAME": "llama",
}


def test_a_language_model_is_off_unless_it_is_turned_on() -> None:
    for env in ({}, {"LEARNFLOW_MODEL": "off"}, {"LEARNFLOW_MODEL_KEY": "k", "LEARNFLOW_MODEL_URL": "http://x"}):
        assert Settings.from_env(env).model == ModelSettings()


def test_an_endpoint_and_a_component_can_be_set() -> None:
    model = Settings.from_env(ENDPOINT | {"LEARNFLOW_MODEL_KEY": "k", "LEARNFLOW_MODEL_DAILY_TOKENS": "5"}).model
    assert (model.kind, model.url, model.name) == ("openai", "http://127.0.0.1:11434/v1", "llama")
    assert (model.key, model.daily_tokens) == ("k", 5)
    model = Settings.from_env({"LEARNFLOW_MODEL": "dapr", "LEARNFLOW_MODEL_COMPONENT": "mine"}).model
    assert (model.kind, model.component, model.name) == ("dapr", "mine", "mine")


@pytest.mark.parametrize(
    "wrong",
    [
        {"LEARNFLOW_MODEL": "on"},
        {"LEARNFLOW_MODEL": ""},
        {"LEARNFLOW_MODEL_URL": ""},
        {"LEARNFLOW_MODEL_URL": "file:///etc/passwd"},
        {"LEARNFLOW_MODEL_NAME": ""},
        {"LEARNFLOW_MODEL_LIMIT_FIELD": "limit"},
        {"LEARNFLOW_MODEL_DAILY_TOKENS": "0"},
        {"LEARNFLOW_MODEL_DEADLINE_SECONDS": "nan"},
        {"LEARNFLOW_MODEL_CACHE_DAYS": "-1"},
    ],
)
def test_a_model_that_cannot_be_meant_stops_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="LEARNFLOW_MODEL"):
        Settings.from_env(ENDPOINT | wrong)


def test_a_lesson_ends_well_before_knative_or_a_proxy_ends_the_request() -> None:
    assert ModelSettings().deadline <= 30
