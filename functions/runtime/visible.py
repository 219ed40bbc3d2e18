"""Text of a caller's in a line for a person: what would end the line, or move the cursor, is shown as an escape."""

import re

# C0, DEL and C1 (with the escape of ANSI sequences), line separators, what is invisible, what changes the direction
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def visible(text: str) -> str:
    """On one line, whatever it holds: `\\n` for a new line."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
