"""Badges, from the update that earns one to what is held about the learner: embedded, and behind daprd."""

from datetime import UTC, datetime, timedelta

from tests.support.backends import Backend, eventually, new_learner


def test_seven_days_in_a_row_earn_a_badge(backend: Backend) -> None:
    user, today = new_learner(), datetime.now(UTC)
    week = [(today - timedelta(days=n)).isoformat() for n in range(6, -1, -1)]
    updates = [{"lesson_id": f"l{n}", "progress_percentage": 10, "occurred_at": at} for n, at in enumerate(week)]
    assert backend.post("/update-progress", {"user_id": user, "updates": updates}).status_code == 200
    own = eventually(lambda: backend.get(f"/learners/{user}/export").json()["own"])
    assert own == {"award-badge": {"days": [7]}}
