"""`learnflow verify`: strict about the sources, and about what is shipped being what they give."""

import json
import re
from functools import partial
from pathlib import Path

import pytest

from functions.learning import curriculum
from functions.learning.curriculum import content
from functions.proof.coherence import check_course
from functions.proof.prove import digest
from functions.proof.source import SourceError, content_of, read
from functions.proof.verify import differences, verify

SOURCE = Path(curriculum.__file__).parent / "source"
TOPIC = """
[[topics]]
id = "{id}"
title = "T"
minutes = 30
prerequisites = {needs}
objectives = ["a", "b", "c"]
"""
HEAD = 'course = "python"\nversion = "1"\n[module]\nid = "{id}"\ntitle = "M"\n'


def source(directory: Path, **topics: list[str]) -> Path:
    """A course of one module and these topics, each with its prerequisites, and no content."""
    text = "".join(TOPIC.format(id=name, needs=json.dumps(needs)) for name, needs in topics.items())
    (directory / "1-m.toml").write_text(HEAD.format(id="m") + text)
    return directory


def test_what_is_shipped_was_proved_from_the_sources_as_they_are() -> None:
    """By content: `learnflow verify` runs it all again, which takes minutes."""
    drafts = [content_of(topic) for module in read(SOURCE) for topic in module.topics]
    proofs = {draft.topic_id: content(draft.topic_id).proof for draft in drafts if draft}
    assert {topic: proof.content_hash for topic, proof in proofs.items() if proof} == {
        draft.topic_id: digest(draft) for draft in drafts if draft
    }


def test_what_was_written_is_not_stale_and_writing_again_changes_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    check = partial(verify, source=source(tmp_path, a=[], b=["a"]), compiled=tmp_path / "compiled", say=said.append)
    assert check(True) == 0
    before = (tmp_path / "compiled" / "index.json").read_bytes()
    assert check(True) == check() == 0
    assert (tmp_path / "compiled" / "index.json").read_bytes() == before


def test_a_changed_source_and_a_left_over_file_are_stale(tmp_path: Path) -> None:
    said: list[str] = []
    check = partial(verify, source=source(tmp_path, a=[]), compiled=tmp_path / "compiled", say=said.append)
    check(True)
    source(tmp_path, a=[], b=[])
    (tmp_path / "compiled" / "old.json").write_text("{}")
    assert check() == 1
    assert said[-1].splitlines() == [
        "index.json: modules.0.topics: not what the sources give; run `learnflow verify --write`",
        "old.json: not what the sources give; run `learnflow verify --write`",
    ]


def test_a_broken_example_solution_and_key_are_each_named_and_nothing_is_written(tmp_path: Path) -> None:
    text = (SOURCE / "2-control-flow.toml").read_text("utf-8")
    first, loops = text.index("[[topics]]"), text.index('[[topics]]\nid = "for-loops"')
    broken = text[:first] + text[loops : text.index("[[topics]]", loops + 1)].replace('["conditionals"]', "[]")
    for whole, slip in (
        ('line += f"{row * column:4}"', "line += row * column"),  # an example
        ("for number in range(1, n + 1):\n    total += number\nprint(total)", "print(total)"),  # a solution
        ('prints = "s-u-n-"', 'prints = "s-u-n"'),  # a key
    ):
        assert broken.count(whole) == 1
        broken = broken.replace(whole, slip)
    (tmp_path / "2-control-flow.toml").write_text(re.sub("revisits = .*", "", broken), "utf-8")
    said: list[str] = []
    assert verify(True, source=tmp_path, compiled=tmp_path / "compiled", say=said.append) == 1
    assert "".join(said).splitlines() == [
        "for-loops: example 'A loop in a loop': it ended with code 1: "
        'TypeError: can only concatenate str (not "int") to str',
        "for-loops: exercise sum-to-n: the solution fails visible test 1: expected '10', got '0'",
        "for-loops: question for-in-keyword: with 'in' it prints 's-u-n-', not 's-u-n'",
    ]
    assert not (tmp_path / "compiled").exists()


def test_what_differs_from_what_is_shipped_is_named() -> None:
    shipped = {"examples": [{"expected_stdout": "1\n"}, {"expected_stdout": "2\n"}], "recap": "R"}
    wanted = {"examples": [{"expected_stdout": "1\n"}, {"expected_stdout": "3\n"}], "recap": "R", "proof": {}}
    assert differences(wanted, shipped) == ["examples.1.expected_stdout", "proof"]
    assert differences({"examples": []}, {"examples": [1]}) == ["examples"]
    assert differences(shipped, shipped) == []


@pytest.mark.parametrize(
    ("topics", "complaint"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, "b: its prerequisites lead back to it"),
        ({"a": ["a"]}, "a: its prerequisites lead back to it"),
        ({"a": ["nowhere"]}, "a: its prerequisite nowhere does not exist"),
    ],
)
def test_prerequisites_that_cannot_be_met_are_refused(
    tmp_path: Path, topics: dict[str, list[str]], complaint: str
) -> None:
    with pytest.raises(SourceError, match=complaint):
        check_course(read(source(tmp_path, **topics)))


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    source(tmp_path, a=[])
    (tmp_path / "2-n.toml").write_text(HEAD.format(id="n") + TOPIC.format(id="a", needs="[]"))
    with pytest.raises(SourceError, match="topic a: there is more than one"):
        check_course(read(tmp_path))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('id = "a"', 'id = "A B"'), r"1-m.toml: topics.0.id: String should match"),
        (("minutes = 30", 'minutes = "30"'), r"1-m.toml: topics.0.minutes: Input should be a valid integer"),
        (('["a", "b", "c"]', '["a", "b"]'), r"1-m.toml: topics.0.objectives: List should have at least 3"),
        (("minutes = 30", "minutes = 30\ncolour = 1"), r"1-m.toml: topics.0.colour: Extra inputs are not permitted"),
        (("minutes = 30", "minutes ="), r"1-m.toml: Invalid value"),
    ],
)
def test_a_source_that_is_not_as_it_must_be_is_named_with_file_and_place(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    path = source(tmp_path, a=[]) / "1-m.toml"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(SourceError, match=complaint):
        read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("core = true\n", "core = false\n", "exactly 3 exercises are core"),
        ('{input = "-3\\n", output = "odd", hidden = true},', "", "exercise even-or-odd needs 2 visible and 2 hidden"),
        ("correct = true, ", "", "question cond-assign-or-compare needs 3 options or more, exactly one"),
        ('accepted = ["elif"]\n', "", "question cond-else-keyword: a fill_blank lacks its code or its key"),
    ],
)
def test_content_that_is_not_enough_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = (SOURCE / "2-control-flow.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "2-control-flow.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(SourceError, match=complaint):
        read(tmp_path)
