"""Everything that changes what a fingerprint is or what counts as a copy, in one record that travels with the results."""

from dataclasses import asdict, dataclass

import datasketch

from pipelines.dedup.shingles import SCHEME


@dataclass(frozen=True, slots=True)
class Parameters:
    """Frozen, and stored in the index: an index made with others is refused."""

    shingles: str = SCHEME
    """What a shingle is; see `pipelines.dedup.shingles`."""
    num_perm: int = 128
    permutations: str = "affine32"
    """datasketch's permutation scheme."""
    seed: int = 1
    """datasketch's seed."""
    sketch_scale: int = 16
    """Shingles hashed below 1/16 of the range are the sketch (FracMinHash, Irber et al. 2022) …"""
    sketch_least: int = 16
    """… and at least this many of the smallest, for short texts."""
    shared_keys: int = 2
    """Sketch hashes two articles share to become candidates."""
    postings: int = 64
    """A sketch hash that more articles hold brings the first and the last of them only."""
    near: float = 0.36
    """Jaccard from which a pair is `near`."""
    contained: float = 0.5
    """Share of the smaller text from which a pair is `partial`."""

    def as_dict(self) -> dict[str, str]:
        """For the metadata of tables and the index."""
        return {name: str(value) for name, value in asdict(self).items()} | {
            "datasketch": datasketch.__version__.split(".")[0]
        }


PARAMETERS = Parameters()
