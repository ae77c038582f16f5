"""Lines a host repeats: counted by story, bounded, learned once however often it is told."""

import sqlite3

import pytest

from pipelines.clean import learned
from pipelines.clean.learned import open_lines

FOOTER, TEXT, BIG = 7, 1000, 2**64 - 1


def test_a_line_on_two_other_stories_is_template(tmp_path):
    with open_lines(tmp_path) as lines:
        lines.add("c1", [("x.example", "s1", (FOOTER, BIG, 11)), ("x.example", "s2", (FOOTER, BIG, 12))])
        assert lines.template("x.example") == frozenset()
        lines.add("c2", [("x.example", "s3", (FOOTER, BIG, 13))])
        assert lines.template("x.example") == {FOOTER, BIG}
        assert lines.template("y.example") == frozenset()


def test_copies_and_versions_of_one_story_make_no_template(tmp_path):
    with open_lines(tmp_path) as lines:
        for n in range(20):
            lines.add(f"c{n}", [("x.example", "s1" if n % 2 else "s2", (TEXT,))])
        assert lines.template("x.example") == frozenset()


def test_a_line_twice_on_a_page_counts_once_and_no_line_counts_never(tmp_path):
    with open_lines(tmp_path) as lines:
        for story in ("s1", "s2", "s3"):
            lines.add(story, [("x.example", story, (0, 0, FOOTER, FOOTER, FOOTER) if story == "s1" else (0,))])
        assert lines.template("x.example") == frozenset()


def test_learning_a_commit_again_changes_nothing(tmp_path):
    with open_lines(tmp_path) as lines:
        for _ in range(5):
            lines.add("c1", [("x.example", "s1", (TEXT,))])
        lines.add("c2", [("x.example", "s2", (TEXT,))])
        assert lines.applied() == {"c1", "c2"}
        assert lines.template("x.example") == frozenset()


def test_it_is_all_there_after_opening_again(tmp_path):
    with open_lines(tmp_path) as lines:
        lines.add("c1", [("x.example", f"s{n}", (FOOTER,)) for n in range(3)])
    with open_lines(tmp_path) as lines:
        assert lines.template("x.example") == {FOOTER}
        assert lines.applied() == {"c1"}


def test_a_commit_that_breaks_off_leaves_nothing(tmp_path):
    def broken():
        yield ("x.example", "s1", (FOOTER,))
        raise OSError("gone")

    with open_lines(tmp_path) as lines:
        with pytest.raises(OSError, match="gone"):
            lines.add("c1", broken())
        assert lines.applied() == set()
        lines.add("c1", [("x.example", f"s{n}", (FOOTER,)) for n in range(2)])
        assert lines.template("x.example") == frozenset()


def test_lines_of_one_story_are_forgotten_and_the_file_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(learned, "FORGET", 10)
    monkeypatch.setattr(learned, "MAX_LINES", 40)
    with open_lines(tmp_path) as lines:
        for n in range(100):
            lines.add(f"c{n}", [("x.example", f"s{n}", (FOOTER, *range(1000 + 20 * n, 1020 + 20 * n)))])
        assert lines.template("x.example") == {FOOTER}
    with sqlite3.connect(tmp_path / "lines.sqlite") as db:
        count, oldest = db.execute("SELECT count(*), min(line) FROM lines WHERE stories = 1").fetchone()
    db.close()
    assert count <= 40
    assert oldest >= 1000 + 20 * 90


def test_what_only_a_removed_story_said_is_forgotten(tmp_path):
    with open_lines(tmp_path) as lines:
        lines.add("c1", [("x.example", "s1", (TEXT, FOOTER)), ("x.example", "s2", (FOOTER,))])
        lines.remove(["s1"])
        lines.add("c2", [("x.example", "s3", (TEXT, FOOTER)), ("x.example", "s4", (TEXT,))])
        assert lines.template("x.example") == {FOOTER}
