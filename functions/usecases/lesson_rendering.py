"""A lesson as Markdown or as a page that can be printed."""

from html import escape

from functions.usecases.lesson_documents import LessonDocument

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}
pre{{background:#f4f4f4;padding:.75rem;overflow-x:auto}}@media print{{body{{margin:0}}}}</style>
</head><body><main>
{body}</main></body></html>
"""


def rendered(lesson: LessonDocument, media_type: str) -> str:
    """The lesson's Markdown, or that as HTML in which no markup of the text's own survives."""
    content = str(lesson.lesson["content"])
    if media_type == "text/markdown":
        return content
    from markdown_it import MarkdownIt  # 40 ms that only this representation needs

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(content)
    return PAGE.format(title=escape(str(lesson.lesson["title"])), body=body)
