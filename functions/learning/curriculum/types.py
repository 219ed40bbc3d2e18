"""The shapes of the course, as frozen data: a small index for grading and mastery, full material for lessons.

The two are apart because most functions need only the index, and a cold start should not parse the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from functions.learning.curriculum.answers import chosen_option, same_answer, spellings, tight
from functions.learning.curriculum.errors import UnknownModule, UnknownTopic

LEVELS = ("beginner", "intermediate", "advanced")


@dataclass(frozen=True, slots=True)
class Case:
    """One test of an exercise: standard input, and the standard output that it must give."""

    input: str
    expected_output: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task with its solution; `core` ones are those that mastery requires (spec section 4).

    `revisits`: earlier topics that it practises again. `needs` (of an example and a question too) is for the prover:
    what its code must be given beyond computing.
    """

    exercise_id: str
    title: str
    difficulty_level: str
    core: bool
    instructions: str
    starter_code: str
    solution: str
    tests: tuple[Case, ...]
    hints: tuple[str, ...]
    revisits: tuple[str, ...] = ()
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One choice; `reason` says why a wrong one tempts, or why the right one is right."""

    option_id: str
    text: str
    correct: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """A quiz item. `expected_output` is computed by the prover: what `code` prints (for a blank: once filled)."""

    question_id: str
    type: str
    difficulty_level: str
    prompt: str
    code: str | None
    options: tuple[Option, ...]
    accepted: tuple[str, ...]
    expected_output: str | None
    explanation: str
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example; `expected_stdout` is what the prover saw it print.

    `revisits`: earlier topics that it practises again; `errors`: error types that it helps with.
    """

    title: str
    difficulty_level: str
    code: str
    stdin: str
    note: str
    expected_stdout: str
    revisits: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Misconception:
    """A belief learners often hold, what is true instead, and the error types that betray it."""

    belief: str
    correction: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was run, and with which Python, when this material was compiled."""

    content_hash: str
    python: str
    examples_executed: int
    exercises_proved: int
    mutants_caught: int
    quiz_keys_computed: int


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a lesson on one topic can be made from. `proof` is None only before it has been proved."""

    topic_id: str
    explanation: dict[str, str]
    recap: str
    examples: tuple[Example, ...]
    exercises: tuple[Exercise, ...]
    quiz: tuple[Question, ...]
    misconceptions: tuple[Misconception, ...]
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class ExerciseFacts:
    """What grading needs of an exercise."""

    exercise_id: str
    core: bool
    difficulty_level: str
    tests: int


@dataclass(frozen=True, slots=True)
class QuestionKey:
    """What grading needs of a question. `options` maps option_id to text, `correct` is an option_id."""

    question_id: str
    type: str
    options: dict[str, str]
    correct: str | None
    expected_output: str | None
    accepted: tuple[str, ...]

    @property
    def gradable(self) -> bool:
        """Whether there is anything to compare an answer with; a question without is never held against a learner."""
        return bool(self.correct or self.expected_output is not None or self.accepted)

    def accepts(self, answer: str | bool | int | float) -> bool:
        """Whether the answer is right (spec section 10); an empty answer to a choice or a blank is wrong."""
        return any(self._accepts(text) for text in spellings(answer))

    def _accepts(self, answer: str) -> bool:
        if self.type == "multiple_choice":
            return self.correct is not None and chosen_option(answer, self.options) == self.correct
        if self.type == "code_output":
            return self.expected_output is not None and same_answer(answer, self.expected_output)
        return tight(answer) in map(tight, self.accepted)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the index knows it."""

    topic_id: str
    title: str
    module_id: str
    module: str
    objectives: tuple[str, ...]
    prerequisites: tuple[str, ...]
    minutes: int
    has_content: bool
    exercises: dict[str, ExerciseFacts]
    questions: dict[str, QuestionKey]

    @property
    def core_exercises(self) -> tuple[str, ...]:
        """Ids of the exercises that mastery of the topic requires."""
        return tuple(fact.exercise_id for fact in self.exercises.values() if fact.core)


@dataclass(frozen=True, slots=True)
class Module:
    """A module and its topics, in teaching order."""

    module_id: str
    title: str
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """The whole course, without lesson material."""

    course_id: str
    version: str
    modules: tuple[Module, ...]
    by_id: dict[str, Topic]

    @property
    def topics(self) -> tuple[Topic, ...]:
        """All topics, in teaching order."""
        return tuple(topic for module in self.modules for topic in module.topics)

    def topic(self, topic_id: str) -> Topic:
        """The topic of this id, or UnknownTopic."""
        if topic_id not in self.by_id:
            raise UnknownTopic(topic_id)
        return self.by_id[topic_id]

    def before(self, topic_ids: Iterable[str]) -> set[str]:
        """Everything that these topics build on, directly or not."""
        waiting, found = list(topic_ids), set[str]()
        while waiting:
            topic = self.by_id.get(waiting.pop())
            new = set(topic.prerequisites if topic else ()) - found
            found |= new
            waiting += new
        return found

    def find_module(self, slug_or_title: str) -> Module:
        """The module of this slug, or of this title in any case, or UnknownModule."""
        wanted = slug_or_title.strip().casefold()
        for module in self.modules:
            if wanted in (module.module_id, module.title.casefold()):
                return module
        raise UnknownModule(slug_or_title)
