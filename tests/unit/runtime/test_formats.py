"""Times and URI references as their RFCs have them, however long the text is that is none."""

import pytest

from functions.runtime.formats import is_time, is_uri, is_uri_reference

REFERENCES = [
    "/functions/track-lesson",
    "https://a.b/c?d#e",
    "#fragment",
    "",
    "//authority/path",
    "a/b:c",
    "http://[::1]:80/",
    "http://u:p@h:1/x",
    "x%20y",
    "/apis/v1/namespaces/default/kafkasources/x#lesson-generated",
]
NONE = ["a b", "\xf8", "1a:b", "http://[::1", "%zz", "a\n", "<x>", "x#y#z", "http://h:8x/", "http://a:b:c/"]


@pytest.mark.parametrize("text", REFERENCES)
def test_a_uri_reference_is_one(text: str) -> None:
    assert is_uri_reference(text)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_uri_reference_is_none(text: str) -> None:
    assert not is_uri_reference(text)


@pytest.mark.parametrize("part", ["a", ":a", "%41", "a:", "/", "?", "@"])
@pytest.mark.parametrize("start", ["", "//", "http://", "#"])
def test_a_long_text_that_is_none_is_seen_to_be_none(start: str, part: str) -> None:
    assert not is_uri_reference(start + part * 100_000 + " ")


def test_a_uri_has_a_scheme() -> None:
    assert is_uri("urn:learnflow:schema:com.learnflow.lesson.generated.v1")
    assert not is_uri("/schema") and not is_uri("") and not is_uri("urn: x")


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.123456789z", "2026-01-31T12:00:00-05:30"]
)
def test_a_time_is_one(text: str) -> None:
    assert is_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "0.5",
        "1767225600",
        "",
        "\uff12026-01-31T12:00:00Z",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert not is_time(text)
