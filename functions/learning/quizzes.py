"""The quizzes of a topic: each counts by its latest attempt. The newest few are kept, the others as a sum."""

from decimal import Decimal

from functions.learning.learner import TopicRecord
from functions.learning.sealing import mark_of, marked

KEPT_QUIZZES = 5


def seal_quizzes(record: TopicRecord) -> None:
    """Adds the oldest of the quizzes to the sum of the older ones, until only the newest few are kept."""
    older = record.older_quizzes
    for quiz_id in sorted(record.quizzes, key=lambda name: record.quizzes[name].key)[:-KEPT_QUIZZES]:
        gone = record.quizzes.pop(quiz_id)
        older.total = str(Decimal(older.total) + Decimal(str(gone.score)))
        older.count, older.marks = older.count + 1, older.marks + mark_of(quiz_id)


def was_sealed(record: TopicRecord, quiz_id: str) -> bool:
    """Whether this quiz may be one of the older ones, whose attempts are only in the ledger."""
    return marked(record.older_quizzes.marks, quiz_id)
