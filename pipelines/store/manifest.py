"""What one change of the tables consists of. The manifest is the moment at which the change is decided.

A change is staged in `state/staging/<id>/`, decided by publishing its manifest, and made visible by moving the staged
files. Whoever finds a staging folder finishes the change if its manifest is there, and drops the folder if not.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import xxhash

Kind = Literal["commit", "stories", "compact", "forget", "repair"]
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Added:
    """A file that the change brings."""

    path: str
    """Relative to the data folder."""
    rows: int
    bytes: int
    xxh3: str
    """XXH3 of the file, 128 bits in hex."""


@dataclass(frozen=True, slots=True)
class Manifest:
    id: str
    kind: Kind
    run_id: str
    at: str
    """When it was decided, ISO 8601 in UTC."""
    adds: tuple[Added, ...]
    """In the order in which they become visible."""
    removes: tuple[str, ...] = ()
    """Paths that leave the tables with this change."""
    erase: bool = False
    """Whether removed files are deleted at once, instead of being kept for a grace period."""

    @property
    def path(self) -> str:
        return path(self.kind, self.id)


def path(kind: Kind, id_: str) -> str:
    """Where the manifest of a change stands in the data folder. Names of commits sort in their order."""
    return f"state/{'manifests' if kind == 'commit' else 'changes'}/{id_}.json"


class Damaged(ValueError):  # noqa: N818  (it is a finding)
    """The bytes are not a manifest, or not the one that was written."""


def dump(manifest: Manifest) -> bytes:
    content = {"format": FORMAT, **asdict(manifest)}
    return json.dumps({**content, "check": _check(content)}, indent=1).encode()


def load(data: bytes) -> Manifest:
    """Raises `Damaged`."""
    try:
        content = json.loads(data)
        check = content.pop("check")
        if check != _check(content):
            raise Damaged("its content does not agree with its checksum")
        if content.pop("format") != FORMAT:
            raise Damaged("it was written by a newer version")
        content["adds"] = tuple(Added(**added) for added in content["adds"])
        content["removes"] = tuple(content["removes"])
        return Manifest(**content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, Damaged) else Damaged("it is not complete JSON of a manifest") from error


def live(manifests: Sequence[Manifest]) -> dict[str, Added]:
    """The files the tables consist of after these changes, in any order: a path of facts is used once.

    Of stories there is one snapshot, that of the newest change; older changes of stories may have been dropped.
    """
    removed = {gone for m in manifests for gone in m.removes}
    facts = [a for m in manifests for a in m.adds if a.path not in removed and not a.path.startswith("stories/")]
    touched = [m for m in manifests if any(p.startswith("stories/") for p in (*m.removes, *(a.path for a in m.adds)))]
    newest = max(touched, key=lambda m: m.at, default=None)
    stories = [a for a in newest.adds if a.path.startswith("stories/")] if newest else []
    return {added.path: added for added in (*facts, *stories)}


def _check(content: dict[str, Any]) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(content, sort_keys=True).encode())
