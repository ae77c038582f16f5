"""Whether two data folders say the same, whatever made them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.store import Store

Said = Mapping[Any, tuple[Any, ...]]


def said(data: Path) -> dict[str, Said]:
    """What the tables say, without when, by which run and in which order."""
    with Store.open(data, lock=False) as store:
        articles, copies, stories, pages = (
            store.read(name).to_pylist() for name in ("articles", "copies", "stories", "pages")
        )
    leave = {"run_id", "commit_id", "decided_at", "seconds", "fetched_at", "languages"}

    def rest(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(sorted((name, str(_rounded(value))) for name, value in row.items() if name not in leave))

    ends: dict[Any, list[str]] = {}
    for row in pages:
        ends.setdefault(row["url"], []).append(f"{row['outcome']}/{row['reason']}/{row['article_id']}/{row['version']}")
    return {
        "articles": {(row["article_id"], row["version"]): rest(row) for row in articles},
        "copies": {(row["article_id"], row["of_article_id"], row["kind"]): rest(row) for row in copies},
        "stories": {row["article_id"]: (*rest(row), *row["languages"]) for row in stories},
        "pages": {url: tuple(sorted(how)) for url, how in ends.items()},
    }


def differences(one: Path, other: Path) -> dict[str, list[str]]:
    """Table → what only one of them says or both say differently; empty lists when they say the same."""
    left, right = said(one), said(other)
    return {
        name: [
            f"{key}: {_unlike(left[name].get(key), right[name].get(key))}"
            for key in sorted(left[name].keys() | right[name].keys())
            if left[name].get(key) != right[name].get(key)
        ]
        for name in left
    }


def _unlike(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> str:
    if one is None or other is None:
        return "only in the first" if other is None else "only in the second"
    return f"{sorted(set(one) - set(other))} or {sorted(set(other) - set(one))}"


def _rounded(value: Any) -> Any:
    """Sums of floats may be taken in another order."""
    return round(value, 9) if isinstance(value, float) else value
