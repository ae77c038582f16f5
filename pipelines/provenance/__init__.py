"""Who says they took what from whom, and whether the texts agree. See docs/translations.md."""

from pipelines.provenance.declared import (
    METHOD,
    Claim,
    Known,
    Likeness,
    Provenance,
    addresses_of,
    base_of,
    by_time,
    decide,
    declarations_of,
    names,
    open_provenance,
    partners,
    remembered,
)
from pipelines.provenance.tree import Taken, tree

__all__ = [
    "METHOD",
    "Claim",
    "Known",
    "Likeness",
    "Provenance",
    "Taken",
    "addresses_of",
    "base_of",
    "by_time",
    "decide",
    "declarations_of",
    "names",
    "open_provenance",
    "partners",
    "remembered",
    "tree",
]
