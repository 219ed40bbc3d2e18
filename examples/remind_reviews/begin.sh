uv run learnflow new remind_reviews --every "*/30 * * * *" --publishes reviews-due --does "tells once a day who has topics to review"
# What its event tells besides.
sed -i '/^class ReviewsDue/,/timestamp/ s/^    timestamp/    topics: list[Slug]\n&/' functions/usecases/events.py
