"""A fingerprint depends on the text alone, and its signature is datasketch's."""

import subprocess
import sys
from dataclasses import replace

import datasketch
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.compiled import compiled
from pipelines.dedup import PARAMETERS, fingerprint, minhash
from pipelines.dedup.fingerprints import signature
from tests.dedup.newsroom import NOW, article, paragraphs


@settings(deadline=None)  # the first call compiles
@given(arrays(np.uint64, st.integers(0, 50), elements=st.integers(0, 2**64 - 1)))
def test_signatures_are_those_of_datasketch(shingles: np.ndarray) -> None:
    theirs = datasketch.MinHash(PARAMETERS.num_perm, seed=PARAMETERS.seed, hashfunc=int, scheme="affine32")
    theirs.update_batch([int(value) & 0xFFFFFFFF for value in shingles])
    assert np.array_equal(signature(shingles), theirs.hashvalues)


def test_datasketch_takes_a_fingerprint() -> None:
    whole, most = paragraphs(1, 12), "\n".join(paragraphs(1, 12).split("\n")[:9])
    one, two = (minhash(fingerprint(article("a", text, title="Kein Titel"))) for text in (whole, most))
    lsh = datasketch.MinHashLSH(threshold=0.5, num_perm=PARAMETERS.num_perm)
    lsh.insert("one", one)
    assert lsh.query(two) == ["one"]
    assert one.jaccard(two) == pytest.approx(0.75, abs=0.12)


def test_the_address_and_the_time_do_not_matter() -> None:
    one = fingerprint(article("a", paragraphs(1), title="Titel", days=1))
    two = fingerprint(replace(article("b", paragraphs(1), title="Titel", days=None), fetched_at=NOW, language="de"))
    for name in ("shingles", "signature", "blocks"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


def test_the_lead_may_stand_in_the_text() -> None:
    lead, rest = paragraphs(1).split("\n", 1)
    apart = fingerprint(replace(article("a", rest, title="Titel"), lead=lead))
    within = fingerprint(article("a", paragraphs(1), title="Titel"))
    assert set(apart.shingles.tolist()) == set(within.shingles.tolist())


def test_one_hash_a_line_of_the_text_and_each_shingle_once() -> None:
    text = "eins zwei drei\n\neins zwei drei\nund vier fünf"
    made = fingerprint(replace(article("a", text, title="Titel"), lead="ein Vorspann"))
    assert len(made.blocks) == 4
    assert made.blocks[0] == made.blocks[2] != made.blocks[3]
    assert len(set(made.shingles.tolist())) == len(made.shingles)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "!?"])
def test_nothing_to_compare(text: str) -> None:
    made = fingerprint(replace(article("a", text), title=""))
    assert len(made.shingles) == 0
    assert made.signature.tolist() == [0xFFFFFFFF] * PARAMETERS.num_perm


def test_other_permutations_are_refused() -> None:
    with pytest.raises(ValueError, match="affine32"):
        fingerprint(article("a", "ein Text"), replace(PARAMETERS, permutations="legacy"))


def test_parameters_travel_as_text() -> None:
    said = PARAMETERS.as_dict()
    assert said["shingles"] == "words-3/1"
    assert said["permutations"] == "affine32"
    assert all(isinstance(value, str) for value in said.values())


def test_an_install_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    njit, asked = numba.njit, []

    def no_locator(**options: bool) -> object:
        asked.append(options.get("cache", False))
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available for file")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", no_locator)

    def double(x):  # type: ignore[no-untyped-def]
        return 2 * x

    assert compiled(double)(21) == 42
    assert asked == [True, False]


def test_every_process_makes_the_same() -> None:
    """Nothing may hang on Python's own string hash, which differs from process to process."""
    program = (
        "from tests.dedup.newsroom import *; made = fingerprint(article('a', paragraphs(1)));"
        "print(hash('a'), int(made.shingles.sum()), int(made.signature.sum()), int(made.blocks.sum()))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        for seed in ("1", "2")
    ]
    one, two = (run.stdout.split() for run in runs)
    assert one[0] != two[0]
    assert one[1:] == two[1:]
