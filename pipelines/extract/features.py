"""The features of each block, as one matrix: what the model in `model.py` sees."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.blocks import CLASS_WORDS, PLACES, Block, Nodes, share_in, size, squeeze

Matrix = NDArray[np.float32]

_TERMINAL = tuple('.!?。！？…।؟።։"”»“’」』）)')
_COMMA = re.compile(r"[,،、，;；]")
_SENTENCE = re.compile(r"[.!?。！？।؟](?:\s|$|[\"”»])|[。！？]")
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}:\d{2}|\b(?:19|20)\d\d\b")
_POINTER = re.compile(r"^[>»›→▶►•·|*+–—-]|[>»›→]$")


_SEARCHED = 200_000
"""Characters of another text that is searched whole for each block."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What else is known of the page, all squeezed (`blocks.squeeze`)."""

    titles: tuple[str, ...] = ()
    """Everything the page calls its title, the best first."""
    description: str = ""
    json_body: str = ""
    other: str = ""
    """The text as trafilatura sees it."""


def features(blocks: list[Block], nodes: Nodes, hints: Hints) -> Matrix:
    """Shape (blocks, columns): the values of `columns` side by side."""
    return np.column_stack([np.asarray(column, dtype=np.float32) for column in describe(blocks, nodes, hints).values()])


def describe(blocks: list[Block], nodes: Nodes, hints: Hints) -> dict[str, Any]:
    """Each feature by its name, shape (blocks,). Numbers of form and place; the order is the model's, so add at the end."""
    n = len(blocks)
    columns: dict[str, Any] = {}
    texts = [block.text for block in blocks]
    chars = np.array([len(text) for text in texts], dtype=np.float32)
    sizes = np.array([size(text) for text in texts], dtype=np.float32)
    linked = np.minimum(np.array([block.linked for block in blocks], dtype=np.float32), chars)
    node = np.array([block.node for block in blocks], dtype=np.int64)
    tight = [squeeze(text) for text in texts]

    # -- the block itself
    columns["size"] = np.log1p(sizes)
    columns["link_density"] = link_density = linked / chars
    columns["away_density"] = np.array([block.away for block in blocks], dtype=np.float32) / chars
    columns["strong_density"] = np.array([block.strong for block in blocks], dtype=np.float32) / chars
    columns["links"] = np.array([block.links for block in blocks], dtype=np.float32)
    columns["after_break"] = np.array([block.after_break for block in blocks])
    columns["terminal"] = terminal = np.array([text.endswith(_TERMINAL) for text in texts])
    columns["full_stop"] = np.array([text[-1] in ".。" for text in texts])
    columns["colon"] = np.array([text[-1] in ":：" for text in texts])
    columns["pointer"] = np.array([_POINTER.search(text) is not None for text in texts])
    columns["sentences"] = np.array([len(_SENTENCE.findall(text)) for text in texts], dtype=np.float32)
    commas = np.array([len(_COMMA.findall(text)) for text in texts], dtype=np.float32)
    columns["commas"] = commas
    columns["digits"] = np.array([sum(map(str.isdigit, text[:200])) for text in texts], dtype=np.float32) / np.minimum(
        chars, 200
    )
    columns["dates"] = np.array([_DATE_LIKE.search(text[:200]) is not None for text in texts])
    columns["upper"] = np.array([sum(map(str.isupper, text[:100])) for text in texts], dtype=np.float32) / np.minimum(
        chars, 100
    )
    columns["title_case"] = np.array([_title_case(text) for text in texts], dtype=np.float32)
    columns["lower_start"] = np.array([text[:1].islower() for text in texts])
    columns["quote_start"] = np.array([text[0] in "\"“„«‘「『'" for text in texts])
    columns["copyright"] = np.array(["©" in text for text in texts])
    columns["address"] = np.array(["@" in text or "http" in text or "www." in text for text in texts])
    columns["bracketed"] = np.array([text[0] in "([{【［（<" for text in texts])
    columns["pipes"] = np.array(
        [text.count("|") + text.count("·") + text.count("•") for text in texts], dtype=np.float32
    )
    first_seen: dict[str, int] = {}
    repeats = np.zeros(n, dtype=np.float32)
    earlier = np.zeros(n, dtype=np.float32)
    for i, text in enumerate(tight):
        if text in first_seen:
            repeats[i] += 1
            repeats[first_seen[text]] += 1
            earlier[i] = 1
        else:
            first_seen[text] = i
    columns["repeats"], columns["repeated"] = repeats, earlier

    # -- where it stands
    order = np.arange(n, dtype=np.float32)
    total = max(float(chars.sum()), 1.0)
    columns["position"] = order / n
    columns["chars_before"] = (np.cumsum(chars) - chars) / total
    tags = [nodes.tags[block.node] for block in blocks]
    title_at = _title_at(tight, tags, hints.titles)
    columns["from_title"] = np.clip(order - title_at, -60, 200)
    columns["chars_from_title"] = (np.cumsum(chars) - np.cumsum(chars)[title_at]) / total
    columns["has_title"] = np.full(n, title_at > 0)
    h1 = np.cumsum([tag == "h1" for tag in tags])
    columns["h1_from_title"] = h1 - h1[title_at]
    inner, outer, articles = _articles(nodes)
    columns["articles"] = np.full(n, np.log1p(articles))
    columns["article_from_title"] = np.clip(inner[node] - inner[node[title_at]], -5, 5)
    columns["outer_from_title"] = np.clip(outer[node] - outer[node[title_at]], -5, 5)
    for tag in ("p", "div", "li", "td"):
        columns[f"is_{tag}"] = np.array([name == tag for name in tags])
    columns["heading"] = np.array(
        [int(name[1]) if len(name) == 2 and name[0] == "h" and name[1].isdigit() else 9 for name in tags]
    )
    places = _bits([nodes.places[block.node] for block in blocks], len(PLACES))
    for i, name in enumerate(PLACES):
        if name not in ("p", "h1", "h2", "h3", "h4", "h5", "h6"):
            columns[f"in_{name}"] = places[:, i]
    for where, masks in (("own", nodes.own), ("near", nodes.near), ("above", nodes.above)):
        bits = _bits([masks[block.node] for block in blocks], len(CLASS_WORDS))
        for i, name in enumerate(CLASS_WORDS):
            columns[f"{where}_{name}"] = bits[:, i]

    # -- the elements around it: text, links and paragraphs inside
    parent = np.array(nodes.parent, dtype=np.int64)
    sums = np.zeros((len(parent), 4), dtype=np.float64)
    plain = (link_density < 0.3) & (sizes >= 12)
    np.add.at(sums, node, np.stack([chars, linked, np.where(plain, chars, 0), np.ones(n)], axis=1))
    direct = sums.copy()
    up = parent.tolist()
    rows = sums.tolist()
    for i in range(len(up) - 1, 0, -1):
        above, row = rows[up[i]], rows[i]
        above[0] += row[0]
        above[1] += row[1]
        above[2] += row[2]
        above[3] += row[3]
    sums = np.array(rows)
    good_total = max(float(np.where(plain, chars, 0).sum()), 1.0)
    at = node
    for level in range(5):
        inside = sums[at]
        columns[f"up{level}_chars"] = np.log1p(inside[:, 0])
        columns[f"up{level}_links"] = inside[:, 1] / np.maximum(inside[:, 0], 1)
        columns[f"up{level}_good"] = inside[:, 2] / np.maximum(inside[:, 0], 1)
        columns[f"up{level}_share"] = inside[:, 2] / good_total
        if level in (1, 2):
            columns[f"up{level}_blocks"] = np.log1p(inside[:, 3])
        at = np.maximum(parent[at], 0)

    # -- the best container, as Readability chooses it
    score = np.zeros(len(parent))
    points = np.where(sizes >= 8, 1 + np.minimum(commas, 10) + np.minimum(sizes / 20, 3), 0) * (1 - link_density)
    first_up = np.maximum(parent[node], 0)
    np.add.at(score, first_up, points)
    np.add.at(score, np.maximum(parent[first_up], 0), points / 2)
    np.add.at(score, node, points / 2)
    score *= 1 - sums[:, 1] / np.maximum(sums[:, 0], 1)
    best = int(np.argmax(score)) if len(score) else 0
    distance = _distance_to(best, up)
    columns["from_best"] = distance[node]
    columns["score_up1"] = score[first_up] / max(float(score[best]), 1e-6)
    columns["score_up2"] = score[np.maximum(parent[first_up], 0)] / max(float(score[best]), 1e-6)
    columns["siblings_good"] = direct[first_up][:, 2] / good_total

    # -- what others say
    other = shares(tight, hints.other)
    columns["in_other"] = other
    columns["in_json"] = shares(tight, hints.json_body) if hints.json_body else np.full(n, -1.0)
    columns["json_size"] = np.full(n, np.log1p(len(hints.json_body)))
    columns["in_description"] = np.array(
        [share_in(text, hints.description) if len(text) > 20 else 0.0 for text in tight], dtype=np.float32
    )
    columns["description_in"] = np.array(
        [bool(hints.description) and len(hints.description) > 20 and hints.description[:60] in text for text in tight]
    )
    columns["is_title"] = np.array(
        [
            float(text in hints.titles)
            or 0.5 * any(len(text) > 12 and (text in title or title in text) for title in hints.titles)
            for text in tight
        ]
    )
    columns["other_share"] = np.full(n, float((other * chars).sum()) / total)
    columns["page_size"] = np.full(n, np.log1p(total))
    columns["page_blocks"] = np.full(n, np.log1p(n))
    columns["page_links"] = np.full(n, float(linked.sum()) / total)

    # -- its neighbours
    for name, values in (
        ("size", columns["size"]),
        ("links", link_density),
        ("other", other),
        ("terminal", terminal),
        ("near", bits_of(columns)),
    ):
        for shift in (-2, -1, 1, 2):
            columns[f"{name}{shift:+d}"] = shifted(np.asarray(values, dtype=np.float32), shift)
    for width in (3, 8):
        columns[f"other_around{width}"] = around(other * chars, width) / np.maximum(around(chars, width), 1)
        columns[f"good_around{width}"] = around(np.where(plain, chars, 0), width) / np.maximum(around(chars, width), 1)
    position = other.nonzero()[0]
    columns["after_first_other"] = order - (position[0] if len(position) else 0)
    columns["before_last_other"] = (position[-1] if len(position) else n) - order

    return columns


def shares(tight: list[str], other: str) -> Matrix:
    """`blocks.share_in` for blocks in order: looked for where the last one ended first, so that a long page is not searched again and again."""
    out = np.zeros(len(tight), dtype=np.float32)
    at = 0
    for i, text in enumerate(tight):
        found = other.find(text, at, at + len(text) + 5_000)
        if found >= 0:
            out[i], at = 1.0, found + len(text)
        elif len(other) <= _SEARCHED:
            out[i] = share_in(text, other)
    return out


def bits_of(columns: dict[str, Any]) -> Matrix:
    """A rough "this is not the article" from class words, for the neighbours' columns."""
    return np.asarray(
        columns["near_related"]
        + columns["near_comment"]
        + columns["near_share"]
        + columns["near_newsletter"]
        - columns["near_content"],
        dtype=np.float32,
    )


def _bits(masks: list[int], count: int) -> NDArray[np.int64]:
    return (np.array(masks, dtype=np.int64)[:, None] >> np.arange(count)) & 1


def shifted(values: Matrix, shift: int) -> Matrix:
    """The value of the block `shift` places on; -1 beyond the page."""
    out = np.full(len(values), -1, dtype=np.float32)
    if shift > 0:
        out[:-shift] = values[shift:]
    else:
        out[-shift:] = values[:shift]
    return out


def around(values: NDArray[Any], width: int) -> NDArray[np.float64]:
    """The sum over a block and `width` blocks on both sides."""
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    index = np.arange(len(values))
    upper, lower = np.minimum(index + width + 1, len(values)), np.maximum(index - width, 0)
    return np.asarray(running[upper] - running[lower])


def _title_case(text: str) -> float:
    words = text.split()[:30]
    return sum(word[:1].isupper() for word in words) / len(words)


def _title_at(tight: list[str], tags: list[str], titles: tuple[str, ...]) -> int:
    """The number of the block that shows the title: an h1 that equals it, else any block, else the first h1, else 0."""
    for title in titles:
        same = [
            i
            for i, text in enumerate(tight)
            if text == title or (len(text) > 15 and (text in title or title in text) and len(text) < 2 * len(title))
        ]
        for wanted in ("h1", "h2"):
            for i in same:
                if tags[i] == wanted:
                    return i
        if same:
            return same[0]
    return next((i for i, tag in enumerate(tags) if tag == "h1"), 0)


def _articles(nodes: Nodes) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """For each node the number of the innermost and of the outermost `<article>` around it (0: none), and how many there are."""
    inner, outer, count = [0] * len(nodes.parent), [0] * len(nodes.parent), 0
    for i, up in enumerate(nodes.parent):
        if up >= 0:
            inner[i], outer[i] = inner[up], outer[up]
        if nodes.tags[i] == "article":
            count += 1
            inner[i] = count
            outer[i] = outer[i] or count
    return np.array(inner), np.array(outer), count


def _distance_to(best: int, parent: list[int]) -> Matrix:
    """For each node: how many steps up until an ancestor (or itself) that contains `best`, negative if it stands inside `best`."""
    line = {}
    at, steps = best, 0
    while at >= 0:
        line[at] = steps
        at = parent[at]
        steps += 1
    out = np.zeros(len(parent), dtype=np.float32)
    inside = [False] * len(parent)
    for i, up in enumerate(parent):
        if i == best or (up >= 0 and inside[up]):
            inside[i] = True
            out[i] = 0
        elif i in line:
            out[i] = line[i]
        else:
            out[i] = out[up]
    return out
