uv run learnflow new export_calendar --http "GET /calendar/{user_id}" --does "a learner's reviews as a calendar to subscribe to"
uv add --group export-calendar 'icalendar>=7.3,<8'
