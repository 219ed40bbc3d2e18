"""Difficulty levels and the other words for them that are accepted."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

SYNONYMS = {"easy": "beginner", "medium": "intermediate", "hard": "advanced"}

Difficulty = Annotated[
    Literal["beginner", "intermediate", "advanced"],
    BeforeValidator(
        lambda text: SYNONYMS.get(text, text) if isinstance(text, str) else text,
        json_schema_input_type=Literal["beginner", "intermediate", "advanced", "easy", "medium", "hard"],
    ),
]
