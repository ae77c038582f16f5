"""`copydesk reextract`: all tables again from the archive with today's code, into a new folder, and what changed."""

from pathlib import Path

import duckdb

from crawler import config, show
from crawler.config import Config, ConfigurationError
from crawler.ingesting import feed
from pipelines import sources
from pipelines.run import Run, parameters
from pipelines.store import Store, connect

CHANGES = """
SELECT
    count(*) FILTER (o.article_id IS NOT NULL AND n.article_id IS NOT NULL AND o.content_hash = n.content_hash) AS same,
    count(*) FILTER (o.content_hash <> n.content_hash) AS changed,
    count(*) FILTER (n.article_id IS NULL) AS only_before,
    count(*) FILTER (o.article_id IS NULL) AS only_now,
    count(*) FILTER (o.title IS DISTINCT FROM n.title AND o.article_id IS NOT NULL AND n.article_id IS NOT NULL) AS other_title,
    count(*) FILTER (o.published_at IS DISTINCT FROM n.published_at AND o.article_id IS NOT NULL AND n.article_id IS NOT NULL) AS other_date,
    coalesce(sum(n.n_chars), 0) - coalesce(sum(o.n_chars), 0) AS more_characters
FROM o FULL JOIN n USING (article_id)
"""
EXAMPLES = """
SELECT
    coalesce(n.url, o.url) AS url,
    CASE WHEN n.article_id IS NULL THEN 'only before' WHEN o.article_id IS NULL THEN 'only now' ELSE 'changed' END AS what,
    o.n_chars AS characters_before,
    n.n_chars AS characters_now
FROM o FULL JOIN n USING (article_id) WHERE o.content_hash IS DISTINCT FROM n.content_hash
ORDER BY abs(coalesce(n.n_chars, 0) - coalesce(o.n_chars, 0)) DESC LIMIT 10
"""


def reextract(settings: Config, out: Path) -> int:
    """Rebuild from `raw/` of the data folder into `out`, which must not hold tables yet. Returns the exit code."""
    data = Path(settings.data)
    archives = sorted((data / "raw").glob("*.warc.gz"))
    if not archives:
        raise ConfigurationError(f"{data / 'raw'}: there is no archive to extract from")
    if (out / "articles").exists():
        raise ConfigurationError(f"--out {out}: holds tables already; name a new folder")
    encoder = config.encoder(settings)
    damaged: list[str] = []
    command = f"reextract {data.name}"
    with Store.open(out, command=command, parameters=parameters()) as store:
        run = Run(store, store.state_folder, command=command, processes=settings.processes, encoder=encoder)
        try:
            for path in archives:
                feed(run, path, sources.EVERYTHING, damaged, folder="raw/")
        except BaseException as error:
            run.interrupt(error)
            raise
        code = 4 if damaged else 0
        with show.working("finding copies, writing the tables"):
            run.drain()
        row = run.close(status="partial" if damaged else "finished", exit_code=code, message="; ".join(damaged)[:1000])
        show.summary(row, run.counts.by_publisher, damaged)
    _compare(data, out)
    return code


def _compare(before: Path, now: Path) -> None:
    wanted = "article_id, url, title, published_at, n_chars, content_hash"
    with connect(before) as old, connect(now) as new, duckdb.connect() as both:
        for name, db in (("o", old), ("n", new)):
            both.register(name, db.sql(f"SELECT {wanted} FROM articles_latest").to_arrow_table())  # noqa: S608
        for query, title in ((CHANGES, "What changed"), (EXAMPLES, "The largest differences")):
            cursor = both.execute(query)
            columns, rows = [c[0] for c in cursor.description or ()], cursor.fetchall()
            if rows:
                show.table(columns, rows, title=title)
