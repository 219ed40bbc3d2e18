"""When a topic is due for review: ratings, dates that are the same each time, and forgetting that only time brings."""

import subprocess
import sys
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning.learner import Review
from functions.learning.reviews import due, rating_of, retrievability, reviewed
from tests.support.histories import HISTORY, NOON, Update, exercise, history, learner_after, quiz, update

DAY = timedelta(days=1)


def after(*scores: float, apart: timedelta = DAY) -> Review:
    """The card after these scores, one `apart` from the other."""
    card = None
    for n, score in enumerate(scores):
        card = reviewed(card, score, NOON + n * apart)
    assert card is not None
    return card


@pytest.mark.parametrize(
    ("score", "rating"), [(0, 1), (49.99, 1), (50, 2), (69.99, 2), (70, 3), (89.99, 3), (90, 4), (100, 4)]
)
def test_a_score_is_again_hard_good_or_easy(score: float, rating: int) -> None:
    assert rating_of(score) == rating


@pytest.mark.parametrize("score", [0, 60, 80, 100])
def test_the_first_result_already_gives_whole_days(score: float) -> None:
    card = after(score)
    assert (card.due - NOON) % DAY == timedelta(0)
    assert card.due - NOON >= DAY
    assert card.last_review == NOON


def test_a_better_result_is_reviewed_later() -> None:
    again, hard, good, easy = (after(score) for score in (0, 60, 80, 100))
    assert again.stability < hard.stability < good.stability < easy.stability
    assert again.due <= hard.due < good.due < easy.due


def test_success_at_the_due_date_lengthens_the_interval_and_again_shortens_it() -> None:
    first = after(80)
    good, again = (reviewed(first, score, first.due) for score in (80, 20))
    assert good.due - good.last_review > first.due - first.last_review > again.due - again.last_review
    assert good.stability > first.stability > again.stability


def test_dates_computed_again_are_the_same() -> None:
    scores = (20, 60, 95, 80, 40, 100)
    assert after(*scores) == after(*scores)


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert reviewed(None, 80, east) == reviewed(None, 80, NOON)
    assert reviewed(None, 80, east).due.tzinfo == UTC


def test_topics_are_due_from_the_moment_on_the_most_overdue_first() -> None:
    cards = {name: Review(1.0, 5.0, NOON + n * DAY, NOON) for name, n in {"c": 0, "b": -2, "a": 0, "later": 1}.items()}
    assert due(cards, NOON) == ["b", "a", "c"]
    assert due(cards, NOON + DAY - timedelta(microseconds=1)) == ["b", "a", "c"]
    assert due(cards, NOON + DAY) == ["b", "a", "c", "later"]
    assert due({}, NOON) == []


def test_what_was_just_learnt_is_remembered_and_forgetting_only_comes_with_time() -> None:
    card = after(80, 90)
    later = [retrievability(card, card.last_review + n * DAY) for n in range(0, 400, 20)]
    assert later[0] == 1
    assert later == sorted(later, reverse=True) and len(set(later)) == len(later)
    assert 0 < later[-1] < 1
    assert retrievability(card, card.last_review + 20 * DAY) == later[1]


def test_at_its_due_date_nine_of_ten_remember() -> None:
    card = after(100)
    assert retrievability(card, card.due) == pytest.approx(0.9, abs=0.01)


def test_quizzes_and_exercises_move_the_card_and_nothing_else_does() -> None:
    learner = learner_after(update(0, [exercise("a", 4)]))
    assert learner.reviews["for-loops"] == reviewed(None, 100, NOON)
    learner = learner_after(update(0, [exercise("a", 4)]), update(60 * 24, [quiz("b", 20)]))
    assert learner.reviews["for-loops"] == reviewed(reviewed(None, 100, NOON), 20, NOON + DAY)
    assert learner_after(update(progress_percentage=100)).reviews == {}


@settings(deadline=None, max_examples=50)
@given(HISTORY, st.randoms(use_true_random=False))
def test_cards_of_a_history_that_arrives_in_any_order_are_those_of_its_order(drawn: list[Any], chosen: Any) -> None:
    updates: list[Update] = history(drawn, [])
    in_order = sorted(updates, key=lambda facts: (facts[0].at, facts[0].id))
    shuffled = chosen.sample(updates, len(updates))
    assert learner_after(*shuffled).reviews == learner_after(*in_order).reviews


def test_fsrs_is_loaded_only_where_a_card_is_moved_or_asked() -> None:
    program = (
        "import sys, functions.get_status.main, functions.update_progress.main; "
        "from functions.learning.reviews import due; due({}, None); "
        "sys.exit('fsrs' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
