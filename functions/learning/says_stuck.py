"""Whether a learner's message says that they are stuck: a few phrases, and what turns them into their opposite."""

import re

_FILLER = r"(?:(?:still|completely|totally|really|so|just|very|pretty|quite|a bit|kind of|getting|feeling) )*"
_PHRASES = (
    rf"i'?(?:m| am) {_FILLER}(?:stuck|lost|confused)\b",
    rf"(?:got|getting|get|feel|feeling|still|completely|totally|really) {_FILLER}stuck\b",
    rf"i {_FILLER}(?:don'?t|do not|can'?t|cannot|can not) {_FILLER}(?:understand|follow)\b",
    rf"i {_FILLER}(?:don'?t|do not|can'?t|cannot|can not) {_FILLER}get (?:it|this|that)\b",
    rf"(?:this|it|that|nothing|none of (?:this|it)) {_FILLER}(?:makes no|doesn'?t make any|does not make any|"
    r"doesn'?t make|does not make) sense\b",
    r"i have no (?:idea|clue)\b",
    r"i need help\b",
    r"(?:please )?help me\b",
    r"i give up\b",
    r"i'?(?:ve| have) been stuck\b",
)
_STUCK = re.compile(rf"\b(?:{'|'.join(_PHRASES)})")
# before the phrase, in the same clause: "if I'm stuck", "I don't think I'm stuck", "not that I don't understand"
_TURNED = re.compile(
    r"\b(?:if|when|whenever|until|unless|before|not that|no longer|not|never|don'?t think|do not think|wasn'?t|isn'?t|"
    r"thought|used to)(?: that)?(?: \w+){0,2} ?$"
)
_CLAUSE = re.compile(r"[.!?;,:\n]|\bbut\b|\band\b|\bso\b(?= i\b)")


def stuck_phrase(text: str) -> str | None:
    """The words that say so, in lower case; None for a message that does not."""
    plain = re.sub(r"[ \t]+", " ", text.lower().replace("’", "'").replace("`", "'"))  # noqa: RUF001  as phones type it
    for found in _STUCK.finditer(plain):
        before = _CLAUSE.split(plain[: found.start()])[-1]
        if not _TURNED.search(before):
            return found[0]
    return None
