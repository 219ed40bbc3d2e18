"""What no single topic can show: that the course is one, its ids are unique, and its topics build on earlier ones."""

from collections import Counter

from functions.proof.schema import ExampleSource, ExerciseSource
from functions.proof.source import ModuleSource, SourceError, TopicSource


def check_course(modules: list[ModuleSource]) -> None:
    """One course and version, unique ids, known prerequisites without a circle. Raises SourceError."""
    topics = [topic for module in modules for topic in module.topics]
    materials = [topic.content for topic in topics if topic.content]
    problems = []
    if len({(module.course, module.version) for module in modules}) != 1:
        problems.append("the files name different courses or versions")
    for kind, ids in (
        ("module", [module.module.id for module in modules]),
        ("topic", [topic.id for topic in topics]),
        ("exercise", [exercise.id for material in materials for exercise in material.exercises]),
        ("question", [question.id for material in materials for question in material.questions]),
    ):
        problems += [f"{kind} {item}: there is more than one" for item, times in Counter(ids).items() if times > 1]
    graph = {topic.id: topic.prerequisites for topic in topics}
    for topic_id, needs in graph.items():
        problems += [f"{topic_id}: its prerequisite {need} does not exist" for need in needs if need not in graph]
    problems += _not_before(topics)
    if not problems:
        problems = _circles(graph)
    if problems:
        raise SourceError("\n".join(problems))


def _not_before(topics: list[TopicSource]) -> list[str]:
    problems = []
    for place, topic in enumerate(topics):
        before = {earlier.id for earlier in topics[:place]}
        if topic.content is None:
            continue
        items: list[ExampleSource | ExerciseSource] = [*topic.content.examples, *topic.content.exercises]
        for item in items:
            problems += [
                f"{topic.id}: {item.title!r} revisits {other}, which does not come before it"
                for other in item.revisits
                if other not in before
            ]
    return problems


def _circles(graph: dict[str, list[str]]) -> list[str]:
    """Take away what has nothing left to wait for, until nothing is left; what stays waits for itself."""
    waiting = {topic: set(needs) for topic, needs in graph.items()}
    while free := [topic for topic, needs in waiting.items() if not needs & waiting.keys()]:
        for topic in free:
            del waiting[topic]
    return [f"{topic}: its prerequisites lead back to it" for topic in waiting]
