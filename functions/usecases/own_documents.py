"""What a function keeps about a learner besides their document: one document of its own a learner.

An export shows it and forgetting deletes it, whichever function it is of. It is committed with the learner's document
(`commit_learner(…, also=[…])`): then nothing is written of a learner who was forgotten meanwhile.
"""

PREFIX = "own:"


def own_key(function: str, user_id: str) -> str:
    """`function` is the name of its service."""
    return f"{PREFIX}{function}:{user_id}"
