"""Why a part of a lesson is the curriculum's after all: fixed codes, which answers, logs and the cache may hold.

Never a word of the model's or the learner's: those are not to get into logs, or into a lesson by this way.
"""

# The model did not answer, or was not asked.
DAILY_BUDGET = "daily_budget"  # the learner's tokens of the day are spent
LESSON_BUDGET = "lesson_budget"  # what one lesson may cost is spent
TOO_SLOW = "too_slow"  # the lesson's deadline came first
UNREACHABLE = "unreachable"  # no connection, or an error of the endpoint
BUSY = "busy"  # the endpoint said 429
CUT_SHORT = "cut_short"  # the answer ended before its end
FAILED = "failed"  # a fault of our own: the log has its type
TRANSIENT = frozenset({DAILY_BUDGET, LESSON_BUDGET, TOO_SLOW, UNREACHABLE, BUSY, CUT_SHORT, FAILED})

# It answered, and this is what was wrong: it is told so, once.
TOO_LONG = "too_long"
TOO_SHORT = "too_short"  # next to what the curriculum has to say
NOT_JSON = "not_json"
WRONG_SHAPE = "wrong_shape"  # not what the schema says
TOO_FEW = "too_few"
REPEATED = "repeated"  # the same twice
UNSAFE = "unsafe"  # markup, a picture, a character that hides something
LINK = "link"
OFF_TOPIC = "off_topic"
GIVES_AWAY = "gives_away"  # the solution stands in what the learner reads
NO_PROGRAM = "no_program"  # a question without code: nothing could prove its key
CODE_FAILS = "code_fails"
UNSTEADY = "unsteady"  # prints something else each time
WRONG_KEY = "wrong_key"  # running the code gives another answer than the one called right
STARTER_PASSES = "starter_passes"
WEAK_TESTS = "weak_tests"  # they let slips pass
UNPROVABLE = "unprovable"  # this system cannot confine a program: none was run


class Refused(Exception):
    """What a model wrote is not used. `why` is one of the codes; `detail` is for the model alone, never logged."""

    def __init__(self, why: str, detail: str = "") -> None:
        self.why, self.detail = why, detail or why.replace("_", " ")
        super().__init__(why)
