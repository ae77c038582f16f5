"""Same-language copies: exact, near and partial, found against everything known, verified on the shingles themselves."""

from pipelines.dedup.backends import IndexDamaged, IndexMismatch
from pipelines.dedup.decide import Likeness
from pipelines.dedup.fingerprints import fingerprint, minhash
from pipelines.dedup.index import Candidate, Index, open_index
from pipelines.dedup.parameters import PARAMETERS, Parameters

__all__ = [
    "PARAMETERS",
    "Candidate",
    "Index",
    "IndexDamaged",
    "IndexMismatch",
    "Likeness",
    "Parameters",
    "fingerprint",
    "minhash",
    "open_index",
]
