"""`copydesk spark`: what `ingest` does with one machine, with as many as Spark has."""

from collections.abc import Sequence

from crawler import show
from crawler.ingesting import placed
from pipelines.spark.session import session


def spark(sources: Sequence[str], out: str, *, master: str | None, work: str) -> int:
    """Run the job, print the summary, return the exit code: 0, or 4 when a record could not be read."""
    command = "spark " + " ".join(source.rpartition("/")[2] or source for source in sources)
    with session(master) as running:
        from pipelines.spark import job  # noqa: PLC0415  (needs pyspark, which `session` has looked for)

        row = job.run(running, sources, out, placed, command=command, work=work)
    show.summary(row, {}, [])
    return row.exit_code or 0
