"""Whether a learner's message says that they are stuck: a few phrases, and what turns them into their opposite.

Code and quoted text are not the learner's own saying, and what is over ("I was stuck") is none of the phrases. A blank
in an expression stands for any white space.
"""

import re
from functools import cache

_VERY = r"(?:(?:still|completely|totally|really|so|just|very|pretty|quite|a bit|a little|kind of|getting|feeling) )*"
_CANNOT = r"(?:don'?t|do not|didn'?t|did not|can'?t|cannot|can not)"
_START = r"(?:^|(?<=[.!?,;:\n]))\s?"
_PHRASES = (
    rf"i(?:'?m| am|'?ve been| have been| feel| get| got| always get| keep getting) {_VERY}(?:stuck|lost|confused)",
    rf"i(?:'?m| am) {_VERY}struggling|i(?: give|'?m giving| am giving) up",
    rf"i {_VERY}{_CANNOT} {_VERY}(?:understand|follow|(?:get|do) (?:it|this|that)|figure (?:it|this|that|out))",
    r"i(?:'?m| am)(?: just)? not (?:following|getting (?:it|this|that)|sure i (?:understand|follow))",
    r"i (?:don'?t|do not) know (?:what to do|how to (?:start|begin|go on)|where to (?:start|begin))",
    rf"(?:this|it|that|none of (?:this|it)) {_VERY}(?:makes no|(?:doesn'?t|does not) make(?: any)?) sense",
    r"nothing makes sense|i have no (?:idea|clue)(?! for)|no (?:idea|clue) (?:what|how|where|why)",
    rf"i need (?:some )?help|(?:please|you|some(?:one|body)|any(?:one|body)) help me|{_START}help me",
    rf"{_START}(?:still|completely|totally) (?:stuck|lost)",
    rf"{_START}(?:stuck(?: again| here)?|lost|help)(?=\s?(?:[.!?\n]|$))",
)
# directly before a phrase: "if I'm stuck", "I don't think that I'm stuck"
_TURNED = (
    r"\b(?:if|when|whenever|until|unless|before|in case|no longer|never|not(?: saying)?|thought|hope|"
    r"(?:don'?t|do not) (?:think|believe|say))(?: that| ever)?\s?$"
)
_NOT_SAID = r"```.*?```|^>[^\n]*|\B\"[^\"\n]*\"|\B`[^`\n]*`|\B'[^'\n]*'\B|“[^”]*”"


@cache
def _compiled() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """What is not said, what says so, what turns it. At the first message: a start from zero does not pay for it."""
    stuck = rf"(?<!\w)(?:{'|'.join(_PHRASES)})\b"
    said, turned = (re.compile(text.replace(" ", r"\s+"), re.DOTALL) for text in (stuck, _TURNED))
    return re.compile(_NOT_SAID, re.DOTALL | re.MULTILINE), said, turned


def stuck_phrase(text: str) -> str | None:
    """The words that say so, in lower case and all of them ours; None for a message that does not."""
    quoted, stuck, turned = _compiled()
    plain = text.lower().replace("’", "'").replace("‘", "'")  # noqa: RUF001  as phones type it
    plain = re.sub(r"[^\S\n]+", " ", quoted.sub(" ", plain).replace("`", "'"))
    for found in stuck.finditer(plain):
        if not turned.search(plain, max(0, found.start() - 40), found.start()):
            return " ".join(re.findall(r"[a-z']+", found[0]))
    return None
