"""What is known of every article."""

import hashlib
from dataclasses import replace
from pathlib import Path

from pipelines.catalog import Catalog
from pipelines.state import erase
from tests.test_finish import article


def test_learns_once_and_keeps_the_first_decision(tmp_path: Path) -> None:
    first = replace(article("a"), duplicate_of="b", duplicate_kind="near", story_id="s")
    with Catalog(tmp_path) as catalog:
        catalog.add("run-0001", [first])
        catalog.add("run-0002", [replace(first, version=2, content_hash="new", duplicate_of=None, story_id="other")])
        catalog.add("run-0001", [replace(first, version=9)])  # applied already: nothing happens
    with Catalog(tmp_path) as catalog:
        known = catalog.known(["a", "unknown"])
        assert catalog.applied() == {"run-0001", "run-0002"}
    assert set(known) == {"a"}
    assert (known["a"].version, known["a"].content_hash) == (2, "new")
    assert (known["a"].duplicate_of, known["a"].story_id) == ("b", "s")


def test_an_older_version_learned_late_changes_nothing(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        catalog.add("run-0002", [replace(article("a"), version=2, content_hash="new")])
        catalog.add("run-0001", [replace(article("a"), version=1, content_hash="old")])
        assert catalog.known(["a"])["a"].content_hash == "new"


def test_more_ids_than_one_query_takes(tmp_path: Path) -> None:
    many = [article(f"{n:032x}") for n in range(1201)]
    with Catalog(tmp_path) as catalog:
        catalog.add("run-0001", many)
        assert len(catalog.known(a.article_id for a in many)) == 1201
        catalog.remove([many[0].article_id])
        assert len(catalog.known(a.article_id for a in many)) == 1200


def test_nothing_of_what_was_removed_stays_in_the_free_space_of_the_file(tmp_path: Path) -> None:
    ids = [hashlib.md5(str(n).encode()).hexdigest() for n in range(3000)]
    with Catalog(tmp_path) as catalog:
        catalog._db.execute("PRAGMA secure_delete = OFF")  # as SQLite comes; Debian's overwrites what it deletes
        for n in range(0, 3000, 50):
            catalog.add(f"run-{n}", [article(article_id) for article_id in ids[n : n + 50]])
        catalog.remove(ids[::7])
        erase(tmp_path / "catalog.sqlite")
        left = (tmp_path / "catalog.sqlite").read_bytes()
        assert not [article_id for article_id in ids[::7] if article_id.encode() in left]
        assert len(catalog.known(ids)) == len(ids) - len(ids[::7])
