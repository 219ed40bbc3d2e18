"""What is asked of `learnflow new` is checked before anything is written, and refused with the reason."""

from typing import Any

import pytest

from functions.refused import Refused
from functions.scaffold.asked import spec_of
from functions.scaffold.spec import Spec
from functions.usecases.events import ProgressUpdated
from tests.support.backends import ROOT


def asked(name: str = "cheer_learner", **wanted: Any) -> Spec:
    return spec_of(ROOT, name, **(wanted or {"on": [("progress-updated", None)]}))


def test_a_name_is_a_folder_and_a_service() -> None:
    assert (asked("cheer-learner").folder, asked("cheer_learner").name) == ("cheer_learner", "cheer-learner")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is no name"),
        ("Cheer", "is no name"),
        ("1st", "is no name"),
        ("_cheer", "is no name"),
        ("cheer_", "is no name"),
        ("cheer__learner", "is no name"),
        ("cheer learner", "is no name"),
        ("cheer/learner", "is no name"),
        ("../cheer", "is no name"),
        ("größe", "is no name"),
        ("a" * 58, "leave 57"),
        ("class", "a word of Python"),
        ("match", "a word of Python"),
        ("print", "a word of Python"),
        ("json", "a package that Python finds"),
        ("dapr", "a package that Python finds"),
        ("fastapi", "a package that Python finds"),
        ("tests", "call something else"),
        ("dev", "call something else"),
        ("ports", "call something else"),
        ("runtime", "there already"),
        ("learning", "there already"),
        ("commands", "there already"),
        ("embedded", "there already"),
        ("track-lesson", "there already"),
    ],
)
def test_a_name_that_python_kubernetes_or_the_project_has_no_room_for_is_refused(name: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        asked(name)


def test_the_longest_name_is_57_letters_for_a_revision_has_six_more() -> None:
    assert len(asked("a" * 57, every="0 3 * * *").name) == 57


@pytest.mark.parametrize(
    ("http", "why"),
    [
        ("cheers", "write a method"),
        ("PATCH /cheers", "write a method"),
        ("POST cheers", "write a method"),
        ("GET /", "write a method"),
        ("GET /cheers/", "is no part of a path"),
        ("GET /Cheers", "is no part of a path"),
        ("GET /cheers/{}", "is no part of a path"),
        ("GET /cheers/{cheer-id}", "is no part of a path"),
        ("GET /cheers/{class}", "cannot be a parameter's name"),
        ("GET /cheers/{request}", "cannot be a parameter's name"),
        ("GET /cheers/{a}/{a}", "cannot be a parameter's name"),
        ("GET /{cheer_id}", "begin with a word"),
        ("GET /health", "every function's own"),
        ("POST /functions/x", "every function's own"),
        ("GET /status", "get-status serves /status"),
        ("GET /lessons/latest", r"list-lessons serves /lessons/\{lesson_id\}"),
        ("GET /status/{user_id}", "get-status serves /status/class"),
        ("PUT /classes/{name}", r"manage-classes serves /classes/\{class_id\}"),
    ],
)
def test_a_path_that_means_nothing_or_two_things_is_refused(http: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        asked(http=http)


def test_another_method_of_a_path_that_is_there_is_another_endpoint() -> None:
    assert str(asked(http="DELETE /classes/{class_id}").endpoint) == "DELETE /classes/{class_id}"


@pytest.mark.parametrize(
    ("topic", "type_name", "why"),
    [
        ("orders", None, "say what type its events have"),
        ("Orders", "com.example.v1", "is no name for a topic"),
        ("orders_placed", "com.example.v1", "is no name for a topic"),
        ("o" * 50, "com.example.v1", "longer than the 63 characters"),
        ("orders", "com example", "is no event type"),
        ("learnflow-dead-letters", "com.example.v1", "for what could not be handled"),
        ("progress-updated", "com.example.v1", "carries com.learnflow.progress.updated.v1"),
        ("received", "com.example.v1", "a class Received"),
        ("cheer-learner", "com.example.v1", "both make a class CheerLearner"),
        ("cheer-learner-answer", "com.example.v1", "both make a class CheerLearnerAnswer"),
    ],
)
def test_a_topic_of_which_nothing_could_be_made_is_refused(topic: str, type_name: str | None, why: str) -> None:
    with pytest.raises(Refused, match=why):
        asked(on=[(topic, type_name)])


def test_a_topic_of_ours_has_its_own_type_and_model() -> None:
    [topic] = asked().takes
    assert (topic.type_name, topic.model) == (ProgressUpdated.type_name, ProgressUpdated)


def test_a_new_topic_that_is_published_has_a_type_after_its_name_if_none_is_said() -> None:
    sent = [("badge-earned", None), ("medal-earned", "com.example.medal.v1")]
    spec = asked(on=[("progress-updated", None)], publishes=sent)
    assert [t.type_name for t in spec.made] == ["com.learnflow.badge.earned.v1", "com.example.medal.v1"]


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"publishes": [("badge-earned", None)]}, "say what wakes it"),
        ({"http": "POST /cheers", "every": "0 3 * * *"}, "say what wakes it"),
        ({"every": "daily"}, "five fields"),
        ({"every": '0 3 * * "'}, "five fields"),
        ({"http": "GET /cheers", "publishes": [("badge-earned", None)]}, "changes nothing"),
        ({"on": [("progress-updated", None)] * 2}, "named twice"),
        ({"on": [("a", "t"), ("b", "t")]}, "named twice"),
        ({"on": [("progress-updated", None)], "publishes": [("progress-updated", None)]}, "for ever"),
        ({"http": "POST /cheers", "publishes": [("b", ProgressUpdated.type_name)]}, "another topic's events"),
        ({"http": "POST /cheers", "does": "cheers | whistles"}, "one line"),
        ({"http": "POST /cheers", "does": "a\nb"}, "one line"),
        ({"http": "POST /cheers", "does": "x" * 101}, "100 are enough"),
    ],
)
def test_what_contradicts_itself_is_refused(wanted: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        asked(**wanted)
