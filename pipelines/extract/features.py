"""The features of each block, as one matrix: what the model in `model.py` sees."""

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import compiled
from pipelines.extract.blocks import CLASS_WORDS, PLACES, Block, Nodes, share_in
from pipelines.extract.words import WORDS, purposes

Matrix = NDArray[np.float32]

_TERMINAL = tuple('.!?。！？…।؟።։"”»“’」』）)')
_COMMA = re.compile(r"[,،、，;；]")
_SENTENCE = re.compile(r"[.!?。！？।؟](?:\s|$|[\"”»])|[。！？]")
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}:\d{2}|\b(?:19|20)\d\d\b")
_POINTERS, _POINTERS_ON = frozenset(">»›→▶►•·|*+–—-"), frozenset(">»›→")


_READ = 200
"""Characters of a block whose kinds are counted."""
_SEARCHED = 200_000
"""Characters of another text that is searched whole for each block."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What else is known of the page, all squeezed (`blocks.squeeze`)."""

    titles: tuple[str, ...] = ()
    """Everything the page calls its title, the best first."""
    description: str = ""
    json_body: str = ""


def matrix(columns: dict[str, Any], n: int) -> Matrix:
    """Shape (n, columns): the columns side by side."""
    out = np.empty((len(columns), n), dtype=np.float32)
    for row, column in zip(out, columns.values(), strict=True):
        row[:] = column
    return np.ascontiguousarray(out.T)


def describe(blocks: list[Block], nodes: Nodes, hints: Hints) -> dict[str, Any]:
    """Each feature by its name, shape (blocks,): numbers of form and place. There must be blocks."""
    n = len(blocks)
    columns: dict[str, Any] = {}
    texts = [block.text for block in blocks]
    chars = np.array([len(text) for text in texts], dtype=np.float32)
    sizes = np.array([block.size for block in blocks], dtype=np.float32)
    linked = np.minimum(np.array([block.linked for block in blocks], dtype=np.float32), chars)
    node = np.array([block.node for block in blocks], dtype=np.int64)
    tight = [block.tight for block in blocks]

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
    columns["pointer"] = np.array([text[0] in _POINTERS or text[-1] in _POINTERS_ON for text in texts])
    columns["sentences"] = np.array([len(_SENTENCE.findall(text)) for text in texts], dtype=np.float32)
    commas = np.array([len(_COMMA.findall(text)) for text in texts], dtype=np.float32)
    columns["commas"] = commas
    letters = Letters.of(texts)
    digits = letters.count(_is_digit()[letters.codes])
    columns["digits"] = digits / np.minimum(chars, _READ)
    dates = np.zeros(n, dtype=np.bool_)
    for i in digits.nonzero()[0].tolist():
        dates[i] = _DATE_LIKE.search(texts[i][:_READ]) is not None
    columns["dates"] = dates
    upper = _is_upper()[letters.codes]
    columns["upper"] = letters.count(upper) / np.minimum(chars, _READ)
    begins = letters.words_begin()
    columns["title_case"] = letters.count(upper & begins) / letters.count(begins)
    columns["lower_start"] = np.array([text[:1].islower() for text in texts])
    columns["quote_start"] = np.array([text[0] in "\"“„«‘「『'" for text in texts])
    columns["copyright"] = np.array(["©" in text for text in texts])
    columns["address"] = np.array(["@" in text or "http" in text or "www." in text for text in texts])
    columns["bracketed"] = np.array([text[0] in "([{【［（<" for text in texts])
    columns["pipes"] = np.array(
        [text.count("|") + text.count("·") + text.count("•") for text in texts], dtype=np.float32
    )
    said = np.zeros((n, len(WORDS)), dtype=np.float32)
    for i, text in enumerate(texts):
        for group in purposes(text):
            said[i, group] += 1
    np.minimum(said, 6, out=said)
    for i, name in enumerate(WORDS):
        columns[f"says_{name}"] = said[:, i]
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
    parent = np.array(nodes.parent, dtype=np.int64)
    is_article = np.array([tag == "article" for tag in nodes.tags])
    inner, outer = _articles(is_article, parent)
    columns["articles"] = np.full(n, np.log1p(is_article.sum()))
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
    sums = np.zeros((len(parent), 4), dtype=np.float64)
    plain = (link_density < 0.3) & (sizes >= 12)
    np.add.at(sums, node, np.stack([chars, linked, np.where(plain, chars, 0), np.ones(n)], axis=1))
    direct = sums
    sums = summed_up(sums, parent)
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
    distance = _distance_to(best, parent)
    columns["from_best"] = distance[node]
    columns["score_up1"] = score[first_up] / max(float(score[best]), 1e-6)
    columns["score_up2"] = score[np.maximum(parent[first_up], 0)] / max(float(score[best]), 1e-6)
    columns["siblings_good"] = direct[first_up][:, 2] / good_total

    # -- the elements of the same kind: a text's paragraphs share one parent, cards and comments have each their own
    kind = np.array(nodes.kind, dtype=np.int64)
    kinds = int(kind.max(initial=-1)) + 1
    of_kind = np.zeros((kinds, 4))
    np.add.at(of_kind, kind, np.stack([direct[:, 0], direct[:, 2], direct[:, 3], np.ones(len(kind))], axis=1))
    at = node
    for level in range(5):
        of = of_kind[kind[at]]
        columns[f"like{level}"] = np.log1p(of[:, 3])
        if level == 0:
            columns["like_good"] = of[:, 1] / good_total
            columns["like_blocks"] = np.log1p(of[:, 2])
            columns["like_length"] = np.log1p(of[:, 0] / np.maximum(of[:, 2], 1))
        at = np.maximum(parent[at], 0)
    parents = np.unique(kind[node] * len(parent) + first_up) // len(parent)  # pairs of kind and parent, each once
    columns["like_parents"] = np.log1p(np.bincount(parents, minlength=kinds)[kind[node]])

    # -- what the page itself says elsewhere
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
    columns["page_size"] = np.full(n, np.log1p(total))
    columns["page_blocks"] = np.full(n, np.log1p(n))
    columns["page_links"] = np.full(n, float(linked.sum()) / total)

    # -- its neighbours
    for name, values in (
        ("size", columns["size"]),
        ("links", link_density),
        ("terminal", terminal),
        ("near", bits_of(columns)),
    ):
        for shift in (-2, -1, 1, 2):
            columns[f"{name}{shift:+d}"] = shifted(np.asarray(values, dtype=np.float32), shift)
    for name in ("dates", "pointer", "is_p", "heading", "like0", "repeats"):
        for shift in (-2, -1, 1, 2):
            columns[f"{name}{shift:+d}"] = shifted(np.asarray(columns[name], dtype=np.float32), shift)
    for shift in (-1, 1):
        columns[f"same_parent{shift:+d}"] = shifted(first_up.astype(np.float32), shift) == first_up
        columns[f"same_kind{shift:+d}"] = shifted(kind[node].astype(np.float32), shift) == kind[node]
    is_heading = np.asarray(columns["heading"]) < 7
    last = np.maximum.accumulate(np.where(is_heading, order, -1))
    columns["since_heading"] = np.minimum(order - last, 50)
    columns["last_heading"] = np.where(last >= 0, np.asarray(columns["heading"])[np.maximum(last, 0).astype(int)], 9)
    linked_title = (link_density > 0.8) & ((sizes >= 4) | is_heading)  # a teaser has one above it, and others around it
    last_linked = np.maximum.accumulate(np.where(linked_title, order, -50))
    columns["since_linked_title"] = np.minimum(order - last_linked, 50)
    for width in (8, 20):
        columns[f"linked_titles_around{width}"] = around(linked_title.astype(np.float64), width)
    boilerplate = said[
        :, [i for i, name in enumerate(WORDS) if name not in ("reader", "picture", "author", "clock")]
    ].sum(axis=1)
    columns["says"] = boilerplate
    for shift in (-2, -1, 1, 2):
        columns[f"says{shift:+d}"] = shifted(boilerplate, shift)
    columns["heading_says"] = np.where(last >= 0, boilerplate[np.maximum(last, 0).astype(int)], 0)
    before_plain = np.maximum.accumulate(np.where(plain, order, -1))
    columns["since_plain"] = np.minimum(order - shifted(before_plain.astype(np.float32), -1), 50)
    after_plain = np.minimum.accumulate(np.where(plain, order, n)[::-1])[::-1]
    columns["until_plain"] = np.minimum(np.append(after_plain[1:], n) - order, 50)
    for width in (3, 8):
        columns[f"good_around{width}"] = around(np.where(plain, chars, 0), width) / np.maximum(around(chars, width), 1)
    return columns


def describe_other(blocks: list[Block], nodes: Nodes, other: str) -> dict[str, Any]:
    """More features by their names: how much of each block, and of what is around it, another extractor keeps; `other` is its text, squeezed."""
    n = len(blocks)
    order = np.arange(n, dtype=np.float32)
    chars = np.array([len(block.text) for block in blocks], dtype=np.float32)
    node = np.array([block.node for block in blocks], dtype=np.int64)
    parent, kind = np.array(nodes.parent, dtype=np.int64), np.array(nodes.kind, dtype=np.int64)
    share = shares([block.tight for block in blocks], other)
    kept = share * chars
    direct = np.zeros((len(parent), 2))
    np.add.at(direct, node, np.stack([kept, chars], axis=1))
    of_kind = np.zeros((int(kind.max()) + 1, 2))
    np.add.at(of_kind, kind, direct)
    inside = summed_up(direct, parent)

    columns: dict[str, Any] = {"in_other": share}
    columns["like_other"] = of_kind[kind[node], 0] / np.maximum(of_kind[kind[node], 1], 1)
    at = node
    for level in range(4):
        columns[f"up{level}_other"] = inside[at, 0] / np.maximum(inside[at, 1], 1)
        columns[f"up{level}_other_share"] = inside[at, 0] / max(float(inside[0, 0]), 1.0)
        at = np.maximum(parent[at], 0)
    columns["other_share"] = np.full(n, float(kept.sum()) / max(float(chars.sum()), 1.0))
    for shift in (-2, -1, 1, 2):
        columns[f"other{shift:+d}"] = shifted(share, shift)
    for width in (3, 8):
        columns[f"other_around{width}"] = around(kept, width) / np.maximum(around(chars, width), 1)
    places = share.nonzero()[0]
    columns["after_first_other"] = order - (places[0] if len(places) else 0)
    columns["before_last_other"] = (places[-1] if len(places) else n) - order
    return columns


def around_chances(blocks: list[Block], nodes: Nodes, chances: Matrix) -> Matrix:
    """What a first opinion says of each block's surroundings, for a second: shape (blocks, columns). The block's own chance comes first.

    All but the first two columns leave the block itself out: how likely its neighbours are, the elements around it, those of its kind, and
    how much of the likely text stands before it and after it.
    """
    n = len(blocks)
    order = np.arange(n)
    chars = np.array([len(block.text) for block in blocks], dtype=np.float64)
    node = np.array([block.node for block in blocks], dtype=np.int64)
    parent, kind = np.array(nodes.parent, dtype=np.int64), np.array(nodes.kind, dtype=np.int64)
    mass = chances * chars
    total = max(float(mass.sum()), 1.0)
    safe = np.clip(chances, 1e-4, 1 - 1e-4)
    columns = [chances, np.log(safe / (1 - safe)), *(shifted(chances, shift) for shift in (-3, -2, -1, 1, 2, 3))]
    columns += [(around(mass, w) - mass) / np.maximum(around(chars, w) - chars, 1) for w in (3, 10)]
    inside = np.zeros((len(parent), 2))
    np.add.at(inside, node, np.stack([mass, chars], axis=1))
    like = np.zeros((int(kind.max()) + 1, 2))
    np.add.at(like, kind[node], np.stack([mass, chars], axis=1))
    inside = summed_up(inside, parent)
    at = node
    for _ in range(5):
        at = np.maximum(parent[at], 0)
        columns += _share(inside[at], mass, chars, total)
    columns += _share(like[kind[node]], mass, chars, total)
    before = np.cumsum(mass) - mass
    columns += [before / total, (total - before - mass) / total]
    sure = chances > 0.5
    last = np.append(-1, np.maximum.accumulate(np.where(sure, order, -1))[:-1])
    following = np.append(np.minimum.accumulate(np.where(sure, order, n)[::-1])[::-1][1:], n)
    ends = np.cumsum(chars)
    begins = ends - chars
    columns += [
        np.where(last >= 0, np.minimum(order - last, 60), 99),
        np.where(following < n, np.minimum(following - order, 60), 99),
        np.where(last >= 0, np.log1p(np.maximum(begins - ends[last], 0)), 20),
        np.where(following < n, np.log1p(np.maximum(begins[np.minimum(following, n - 1)] - ends, 0)), 20),
    ]
    f1 = 2 * float(mass[sure].sum()) / max(float(chars[sure].sum()) + total, 1.0)
    columns += [np.full(n, value) for value in (chances.max(), np.log1p(total), sure.mean(), f1)]
    return np.column_stack(columns).astype(np.float32)


def _share(inside: NDArray[Any], mass: NDArray[Any], chars: NDArray[Any], total: float) -> list[NDArray[Any]]:
    """How likely the rest of a group of blocks is, and how much of the page's likely text it has; `inside` holds mass and characters."""
    rest = inside[:, 0] - mass
    return [rest / np.maximum(inside[:, 1] - chars, 1), rest / total]


@compiled
def summed_up(values: NDArray[np.float64], parent: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each node the sum over it and all that it contains; `values` of shape (nodes, columns), nodes in document order."""
    sums = values.copy()
    for i in range(len(sums) - 1, 0, -1):
        if parent[i] >= 0:
            for column in range(sums.shape[1]):
                sums[parent[i], column] += sums[i, column]
    return sums


@dataclass(frozen=True, slots=True)
class Letters:
    """The first `_READ` characters of many texts, end to end."""

    codes: NDArray[np.uint32]
    starts: NDArray[np.int64]
    """Where each text begins."""

    @classmethod
    def of(cls, texts: list[str]) -> Self:
        """No text may be empty."""
        parts = [text[:_READ] for text in texts]
        codes = np.frombuffer("".join(parts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        return cls(codes, np.cumsum([0, *map(len, parts[:-1])]))

    def count(self, which: NDArray[np.bool_]) -> Matrix:
        """How many of each text's characters are marked."""
        return np.add.reduceat(which, self.starts, dtype=np.float32)

    def words_begin(self) -> NDArray[np.bool_]:
        """Marks the characters at the start of a text or after a space."""
        begins = np.empty(len(self.codes), dtype=np.bool_)
        begins[1:] = self.codes[:-1] == ord(" ")
        begins[self.starts] = True
        return begins


@lru_cache(maxsize=1)
def _is_digit() -> NDArray[np.bool_]:
    return np.strings.isdigit(_characters())


@lru_cache(maxsize=1)
def _is_upper() -> NDArray[np.bool_]:
    return np.strings.isupper(_characters())


def _characters() -> NDArray[np.str_]:
    return np.arange(sys.maxunicode + 1, dtype=np.uint32).view("U1")


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


@compiled
def _articles(is_article: NDArray[np.bool_], parent: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each node the number of the innermost and of the outermost `<article>` around it; 0: none."""
    inner, outer = np.zeros(len(parent), np.int64), np.zeros(len(parent), np.int64)
    count = 0
    for i in range(len(parent)):
        if parent[i] >= 0:
            inner[i], outer[i] = inner[parent[i]], outer[parent[i]]
        if is_article[i]:
            count += 1
            inner[i] = count
            if outer[i] == 0:
                outer[i] = count
    return inner, outer


@compiled
def _distance_to(best: int, parent: NDArray[np.int64]) -> NDArray[np.float32]:
    """For each node: how many steps up from `best` until an ancestor of it (or itself) that contains the node; 0 inside `best`."""
    steps = np.full(len(parent), -1, np.int64)
    at, step = best, 0
    while at >= 0:
        steps[at] = step
        at, step = parent[at], step + 1
    for i in range(len(parent)):  # whatever is not on that line stands as far away as its parent
        if steps[i] < 0 and parent[i] >= 0:
            steps[i] = steps[parent[i]]
    return steps.astype(np.float32)
