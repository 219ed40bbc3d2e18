"""Times, as every request and answer has them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.runtime.models import Int, Time, rfc3339

TIME = TypeAdapter[datetime](Time)


def test_times_are_written_in_utc_and_equally_long_so_that_text_sorts_as_time() -> None:
    early = datetime(987, 6, 5, tzinfo=UTC)
    assert rfc3339(early) == "0987-06-05T00:00:00.000000Z"
    assert rfc3339(datetime(2026, 3, 9, 1, 30, tzinfo=timezone(timedelta(hours=2)))) == "2026-03-08T23:30:00.000000Z"


@pytest.mark.parametrize("moment", ["0.5", 0, True, "2026-03-09", "2026-03-09T12:00Z", "1767225600"])
def test_what_is_not_written_as_rfc_3339_has_it_is_no_time(moment: object) -> None:
    with pytest.raises(ValidationError, match="is not a time with its zone"):
        TIME.validate_python(moment)


@pytest.mark.parametrize("value", [True, "1", 1.5, 2**53])
def test_a_whole_number_of_a_body_is_one_that_every_reader_of_json_keeps(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[int](Int).validate_python(value)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-09T12:00:00"])
def test_a_moment_without_a_zone_or_without_a_place_in_utc_is_none(moment: str) -> None:
    with pytest.raises(ValidationError):
        TIME.validate_python(moment)
