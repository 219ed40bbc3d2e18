"""What makes two requests the same one; what each function does with that is tested with the function."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.runtime.errors import InvalidRequest, KeyReused
from functions.runtime.idempotency import SEVEN_DAYS, chosen_key, fingerprint, parsed, record_key, remember, replay
from functions.runtime.ports import ABSENT, Call, Stored
from tests.support.fakes import NOW, TEACHER


def of(body: bytes) -> str:
    return fingerprint(parsed(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"b":[true,null,"x"]}',
        b' {\n  "b" : [ true, null, "x" ],\t"a" : 1 } ',
        b'{"a":1.0,"b":[true,null,"\\u0078"]}',
        b'{"b":[true,null,"x"],"a":1e0}',
    ],
)
def test_white_space_order_and_spelling_make_no_other_body(body: bytes) -> None:
    assert of(body) == of(b'{"a": 1, "b": [true, null, "x"]}')


@pytest.mark.parametrize(
    "body",
    [b'{"a": 2}', b'{"a": "1"}', b'{"a": true}', b'{"a": [1]}', b'{"a": 1, "b": null}', b"{}", b'{"A": 1}'],
)
def test_another_value_makes_another_body(body: bytes) -> None:
    assert of(body) != of(b'{"a": 1}')


def test_the_order_within_a_list_matters() -> None:
    assert of(b"[1, 2]") != of(b"[2, 1]")


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_body_has_a_fingerprint_or_is_an_invalid_request(body: bytes) -> None:
    try:
        assert len(of(body)) == 64
    except InvalidRequest as error:
        assert error.detail


def call(**changes: Any) -> Call:
    return Call(TEACHER, NOW, **changes)


def test_the_header_and_the_body_may_both_give_the_key_if_they_agree() -> None:
    assert chosen_key(call(idempotency_key="k"), None) == "k"
    assert chosen_key(call(), "k") == "k"
    assert chosen_key(call(idempotency_key="k"), "k") == "k"
    assert chosen_key(call(), None) is None


def test_a_header_and_a_body_that_differ_are_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        chosen_key(call(idempotency_key="a"), "b")
    assert [error.field for error in caught.value.errors] == ["request_id"]


def test_a_key_belongs_to_a_function_and_a_learner() -> None:
    keys = {record_key(f, u, "k") for f in ("update-progress", "generate-lesson") for u in ("maya", "james")}
    assert len(keys) == 4


def test_a_colon_does_not_make_two_learners_keys_one() -> None:
    assert record_key("f", "a:b", "c") != record_key("f", "a", "b:c")


@pytest.mark.parametrize("key", ["", "||", "ключ", "x" * 255, "a\nb", "%"])
def test_any_key_makes_a_key_that_the_store_takes(key: str) -> None:
    made = record_key("update-progress", "maya", key)
    assert made.isascii() and made.isprintable() and "||" not in made and len(made) < 200


def test_a_key_is_remembered_for_seven_days_and_only_by_the_first() -> None:
    write = remember("request:f:maya:k", call(fingerprint="abc"), {"n": 1})
    assert (write.guard, write.ttl_seconds, SEVEN_DAYS) == (ABSENT, 604_800, 604_800)
    assert write.value == {"fingerprint": "abc", "result": {"n": 1}}


def test_the_same_body_gets_the_result_and_another_is_refused() -> None:
    record = Stored({"fingerprint": "abc", "result": {"n": 1}}, "etag")
    assert replay(None, call(fingerprint="abc")) is None
    assert replay(record, call(fingerprint="abc")) == {"n": 1}
    with pytest.raises(KeyReused):
        replay(record, call(fingerprint="other"))
