"""Everything that changes what a fingerprint is or what counts as a copy, in one record that travels with the results."""

from dataclasses import asdict, dataclass
from importlib.metadata import version

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
    short: int = 100
    """Shingles up to which a text is so short that one shared hash is enough."""
    postings: int = 256
    """A sketch hash that more articles hold brings the first of them only. As long as none does, decisions do not depend on the order of arrival."""
    shared_least: int = 10
    """Shingles a pair must share, boilerplate left out, to be a copy. Equal texts need none."""
    worth_a_look: float = 0.1
    """Share of the smaller text, boilerplate included, below which a pair is not looked at any further, as copies or as family."""
    near: float = 0.33
    """Jaccard from which a pair is `near` …"""
    near_each: float = 0.42
    """… if each text stands in the other by this share. A long text around a short one is `partial`."""
    contained: float = 0.5
    """Share of the smaller text from which a pair is `partial`."""
    passage: int = 60
    """Shingles in a row that stand in both, from which a pair is `partial` however long the texts are."""
    figures: float = 0.55
    """A pair that shares its shingles with digits worse than this, measured by how it shares the others, has other figures …"""
    surprise: float = 2.5
    """… if that is also so many standard deviations from chance. Two editions of one form, or two states of a developing story: no copy."""
    in_one_piece: float = 0.8
    """… unless one passage is this much of the shorter text."""
    family: int = 24
    """Neighbours on the same host that are asked for boilerplate, the nearest."""
    opening: int = 8
    """First shingles of an article, which hold its headline. Two articles of one host that share most of them are related."""
    related: float = 0.1
    """Share of what is not common to many, from which two articles of one host are related."""

    def as_dict(self) -> dict[str, str]:
        """For the metadata of tables and the index."""
        return {name: str(value) for name, value in asdict(self).items()} | {
            "datasketch": version("datasketch").split(".")[0]
        }


PARAMETERS = Parameters()
