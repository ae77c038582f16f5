"""What articles declare: claims by joins of addresses and slugs, then each pair judged as `pipelines.provenance` judges it."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from pipelines import provenance
from pipelines.provenance import Claim
from pipelines.spark.frames import Rows, mapped, packed, unpacked
from pipelines.translations.search import turned

_SLUGS_LAST = 1 << 40


def claims(articles: DataFrame, partitions: int) -> DataFrame:
    """One claim a row about the pair `a` < `b`; `turn` is the order in which one machine would have met them."""
    said = mapped(
        articles.where("n_declarations > 0").select("number", "article_id", "declarations"), _said,
        "number long, article_id string, turn long, key string, kind string, place string, value string",
    )  # fmt: skip
    address = articles.select("number", "article_id", F.explode("addresses").alias("key")).groupBy("key")
    owner = address.agg(F.min(F.struct("article_id", "number")).alias("of"))  # two with one address: the smaller id
    met = said.join(owner, "key").where("number <> of.number").select(
        "number", "article_id", F.col("of.number").alias("of_number"), F.col("of.article_id").alias("of_article_id"),
        "turn", "kind", "place", "value",
    )  # fmt: skip
    named = articles.where("slug <> ''").select("number", "slug", "known").repartition(partitions, "slug")
    by_slug = mapped(named, _same_slug, met_schema := "number long, article_id string, of_number long, of_article_id string, turn long, kind string, place string, value string", whole=True)  # fmt: skip
    assert met.columns == [part.split()[0] for part in met_schema.split(", ")]
    every = met.union(by_slug)
    return every.select(
        F.least("number", "of_number").alias("a"), F.greatest("number", "of_number").alias("b"),
        "article_id", "of_article_id", "turn", "kind", "place", "value",
    )  # fmt: skip


def _said(table: pa.Table) -> Rows:
    for number, id_, declarations in zip(
        table["number"].to_pylist(), table["article_id"].to_pylist(), unpacked(table["declarations"]), strict=True
    ):
        for i, (key, kind, place, value) in enumerate(declarations):
            row = {"key": key, "kind": kind, "place": place, "value": value}
            yield {"number": number, "article_id": id_, "turn": number << 8 | min(i, 255), **row}


def _same_slug(table: pa.Table) -> Rows:
    of_slug: dict[str, list[tuple[int, provenance.Known]]] = defaultdict(list)
    for number, slug, known in zip(
        table["number"].to_pylist(), table["slug"].to_pylist(), unpacked(table["known"]), strict=True
    ):
        of_slug[slug].append((number, known))
    for slug, some in of_slug.items():
        number = {known.article_id: n for n, known in some}
        others = [known for _, known in some]
        for n, one in some:
            for other in provenance.partners(one, others):
                copy, original = provenance.by_time(one, other)
                yield {
                    "number": number[copy], "article_id": copy, "of_number": number[original], "of_article_id": original,
                    "turn": _SLUGS_LAST << 8 | n, "kind": "slug", "place": "url", "value": slug,
                }  # fmt: skip


def judged(
    claimed: DataFrame, likenesses: DataFrame, alignments: DataFrame, articles: DataFrame, run_id: str, now: datetime
) -> DataFrame:
    """The rows of `copies` that declarations give. `likenesses` and `alignments`: what the texts say of a pair, as seen from `a`."""

    def rows(table: pa.Table) -> Rows:
        known, likeness, alignment = (unpacked(table[name]) for name in ("known_a", "likeness", "alignment"))
        for a, b, said, one, other, like, aligned in zip(
            table["a"].to_pylist(), table["b"].to_pylist(), table["claims"].to_pylist(), known, unpacked(table["known_b"]),
            likeness, alignment, strict=True,
        ):  # fmt: skip
            told = sorted(said, key=lambda claim: claim["turn"])
            by_id = {one.article_id: one, other.article_id: other}

            def text(copy: str, _: str, like: Any = like, one: Any = one) -> Any:
                return like if like is None or copy == one.article_id else like.turned()

            def translation(copy: str, _: str, aligned: Any = aligned, one: Any = one) -> Any:
                return aligned if aligned is None or copy == one.article_id else turned(aligned)

            copy = provenance.decide(
                [Claim(c["article_id"], c["of_article_id"], c["kind"], c["place"], c["value"]) for c in told],
                by_id.get,
                lambda x, y: provenance.names(x, y, {}),
                text,
                translation,
                run_id=run_id,
                now=now,
            )
            if copy:
                yield {"a": a, "b": b, "copy": packed(copy)}

    said = claimed.groupBy("a", "b").agg(
        F.collect_list(F.struct("turn", "article_id", "of_article_id", "kind", "place", "value")).alias("claims")
    )
    for side in ("a", "b"):
        said = said.join(articles.select(F.col("number").alias(side), F.col("known").alias(f"known_{side}")), side)
    said = said.join(likenesses, ["a", "b"], "left").join(alignments, ["a", "b"], "left")
    return mapped(said, rows, "a long, b long, copy binary")
