"""A lesson as a page: whatever is in its text, no markup of it survives. The second belt, should a check be wrong."""

import pytest

from functions.usecases.lesson_documents import LessonDocument
from functions.usecases.lesson_rendering import rendered
from tests.support.right import Tags

STAMP = "2026-03-10T12:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "<svg onload=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "```python\n</code></pre><script>alert(1)</script>\n```",
        "<a href='x'>\n\n<b>",
        "</main></body><script>",
    ],
)
def test_no_markup_of_a_text_gets_into_the_page(text: str) -> None:
    lesson = {"title": text, "content": f"# Loops\n\n{text}\n"}
    document = LessonDocument("l1", "maya", "python", "learner", 1, STAMP, STAMP, {}, lesson)
    tags = Tags()
    tags.feed(rendered(document, "text/html"))
    own = {"html", "head", "meta", "title", "style", "body", "main", "h1", "p", "pre", "code"}
    assert tags.found <= own
