"""A line of an event is for a terminal, and a terminal's colours are for people who want them."""

from io import StringIO

import pytest

from functions.events.seen import Seen, coloured, line
from functions.runtime.event_log import Handled
from tests.support.fakes import NOW

EVENT = {"id": "0123456789", "source": "/x", "type": "com.learnflow.lesson.generated.v1", "subject": "l1"}


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def handled(outcome: str, why: str = "") -> Seen:
    return Seen(NOW, "lesson-generated", EVENT, handled=[Handled(1.0, "track-lesson", outcome, why, 2.34)])


def test_a_line_is_time_topic_type_subject_id_handler_outcome_and_duration() -> None:
    text = line(handled("done"), colours=False).split("  ")
    assert [part.strip() for part in text[1:]] == [
        "lesson-generated",
        "lesson.generated.v1",
        "l1",
        "01234567",
        "→ track-lesson done 2.3 ms",
    ]


@pytest.mark.parametrize(("outcome", "colour"), [("done", "32"), ("retry", "33"), ("bad", "31")])
def test_in_colours_an_outcome_is_seen_at_a_glance(outcome: str, colour: str) -> None:
    assert f"\x1b[{colour}m{outcome}\x1b[0m" in line(handled(outcome, "why"), colours=True)


def test_colours_are_for_a_terminal_whose_owner_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert coloured(Terminal()) and not coloured(StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(Terminal())


def test_what_an_event_holds_does_not_move_the_cursor() -> None:
    sent = EVENT | {"subject": "\x1b[2J\r\n", "type": "\x9b"}
    bad = Seen(NOW, "t", sent, handled=[Handled(1, "x", "bad", "\x1b", 0)])
    assert not set("\x1b\r\n\x9b") & set(line(bad, colours=False))
    assert "\x1b[2J" not in line(bad, colours=True)
    assert "\x1b" not in line(Seen(NOW, "t", {}, text="\x1b[31m"), colours=False)
