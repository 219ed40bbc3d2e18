"""Where something of a language model's work for one learner is kept: what they may be shown, and what has to go."""

from datetime import date, datetime, timedelta

KEPT_DAYS = 2  # a budget: a lesson that was begun before midnight is still settled on the day it was begun
CACHE = "written:"


def budget_key(user_id: str, day: date) -> str:
    """The tokens of one learner on one day of UTC."""
    return f"budget:{user_id}:{day.isoformat()}"


def budget_keys(user_id: str, now: datetime) -> list[str]:
    """Every key under which there still may be a budget of the learner's."""
    return [budget_key(user_id, (now + timedelta(days=n)).date()) for n in range(-KEPT_DAYS - 1, 2)]


def cache_key(digest: str, owner: str | None) -> str:
    """What was written for one question: everybody's, or a learner's own if their words were part of it."""
    return f"{own_cache(owner)}{digest}" if owner else f"{CACHE}{digest}"


def own_cache(user_id: str) -> str:
    """What the keys of a learner's own entries begin with; 32 hexadecimal digits follow."""
    return f"{CACHE}{user_id}:"
