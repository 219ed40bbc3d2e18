"""When a topic is due to be reviewed: FSRS (the `fsrs` package), one card a topic, from quiz and exercise results.

Learning steps are minutes, made for flash cards; a topic is not one, so there are none and the first result already
gives days. Fuzzing is off: the same results give the same dates. `fsrs` is loaded only where a card is moved or asked.
"""

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from functions.learning.learner import Review

if TYPE_CHECKING:
    from fsrs import Card, Scheduler

RATED = ("exercise", "quiz")  # kinds of evidence that are a review
RATINGS = ((50, 1), (70, 2), (90, 3))  # below 50 Again, below 70 Hard, below 90 Good, else Easy (spec section 10)
EASY = 4


def rating_of(score: float) -> int:
    """FSRS's rating (1 Again … 4 Easy) of a quiz score or a passed share, 0-100."""
    return next((rating for below, rating in RATINGS if score < below), EASY)


def reviewed(review: Review | None, score: float, at: datetime) -> Review:
    """The topic's card after one more result; results have to come in the order of their time."""
    from fsrs import Rating

    moment = at.astimezone(UTC)
    card, _ = _scheduler().review_card(_card(review, moment), Rating(rating_of(score)), moment)
    if card.stability is None or card.difficulty is None:  # never of a card that was reviewed
        raise ValueError("a card that was reviewed has no state")
    return Review(card.stability, card.difficulty, card.due, moment)


def retrievability(review: Review, now: datetime) -> float:
    """The probability (0-1) that what was learnt is remembered now; 1 by a clock that runs behind."""
    return float(_scheduler().get_card_retrievability(_card(review, now), now.astimezone(UTC)))


def due(reviews: dict[str, Review], now: datetime) -> list[str]:
    """Topics to be reviewed, the most overdue first."""
    late = [(review.due, topic_id) for topic_id, review in reviews.items() if review.due <= now]
    return [topic_id for _, topic_id in sorted(late)]


@cache
def _scheduler() -> "Scheduler":
    from fsrs import Scheduler

    return Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)


def _card(review: Review | None, moment: datetime) -> "Card":
    from fsrs import Card, State

    if review is None:
        return Card(card_id=1, due=moment)  # without an id it would sleep for a millisecond to find one
    return Card(
        card_id=1,
        state=State.Review,
        stability=review.stability,
        difficulty=review.difficulty,
        due=review.due.astimezone(UTC),
        last_review=review.last_review.astimezone(UTC),
    )
