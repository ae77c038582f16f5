"""Optional: a sentence-embedding model from a local path re-ranks candidates that the anchors find about equally likely.

Install the extra (`pip install copydesk[embeddings]`) and give the folder of a model2vec or sentence-transformers model. Nothing is downloaded.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xxhash
from numpy.typing import NDArray

_PART = 0.75
"""Log odds per standard deviation of cosine above the other candidates. Ranks within one list only, so any model's scale will do."""


class Encoder(Protocol):
    """What turns texts into vectors. The same text must give the same vector."""

    @property
    def name(self) -> str:
        """Changes when the vectors do: those of another model are not compared."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimensions)."""


def open_encoder(folder: Path) -> Encoder:
    """The model in a folder. Raises ImportError, naming the extra, when its library is missing, and FileNotFoundError without a model."""
    modules = folder / "modules.json"
    if not modules.is_file() and not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder}: no model2vec or sentence-transformers model")
    static = not modules.is_file() or "StaticEmbedding" in modules.read_text(encoding="utf8")
    try:
        if static:
            from model2vec import StaticModel  # noqa: PLC0415  (optional)

            return _Model(_name(folder), StaticModel.from_pretrained(str(folder)))
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  (optional)

        return _Model(_name(folder), SentenceTransformer(str(folder), local_files_only=True))
    except ModuleNotFoundError as missing:
        raise ImportError(f"{missing.name} is not installed: pip install 'copydesk[embeddings]'") from missing


def _name(folder: Path) -> str:
    """A hash of the model's files."""
    digest = xxhash.xxh3_64()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


class _Model:
    """Either library's model as an `Encoder`."""

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self._model = model

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(self._model.encode(list(texts)), np.float32)


def preferred(
    values: Sequence[float], vector: NDArray[np.float32] | None, others: Sequence[NDArray[np.float32] | None]
) -> list[float]:
    """The log odds of candidates, moved by how their vectors stand to the article's; unchanged where there are none."""
    if vector is None or len(values) < 3 or any(other is None or other.shape != vector.shape for other in others):
        return list(values)
    cosines = np.array(
        [
            float(vector @ other) / (float(np.linalg.norm(vector) * np.linalg.norm(other)) + 1e-9)
            for other in others
            if other is not None
        ]
    )
    spread = float(cosines.std())
    moved = np.clip((cosines - cosines.mean()) / spread, -3, 3) * _PART if spread > 1e-6 else cosines * 0
    return [value + float(by) for value, by in zip(values, moved, strict=True)]
