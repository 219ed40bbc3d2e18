uv run learnflow new award_badge --on progress-updated --publishes badge-awarded --does "a badge for a streak of 7, 30 and 100 days"
# What its event tells besides.
sed -i '/^class BadgeAwarded/,/timestamp/ s/^    timestamp/    streak_days: int = Field(ge=1)\n&/' functions/usecases/events.py
