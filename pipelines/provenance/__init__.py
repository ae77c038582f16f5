"""Who says they took what from whom, and whether the texts agree. See docs/translations.md."""

from pipelines.provenance.declared import METHOD, Likeness, Provenance, open_provenance
from pipelines.provenance.tree import Taken, tree

__all__ = ["METHOD", "Likeness", "Provenance", "Taken", "open_provenance", "tree"]
