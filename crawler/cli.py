"""The `copydesk` command: one thin function per command. Exit codes are in `Exit`."""

import signal
import sys
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from crawler import config, show
from crawler.config import Config, ConfigurationError


class Exit(IntEnum):
    """What a caller can rely on (cron, Airflow, a shell)."""

    OK = 0
    BUG = 1
    USAGE = 2
    LOCKED = 3
    PARTIAL = 4
    QUALITY = 5
    STORAGE = 6
    INTERRUPTED = 130
    TERMINATED = 143


app = typer.Typer(
    name="copydesk",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Find every copy of a news story: crawl, clean, compare, and keep it all in Parquet.

    [dim]copydesk crawl            fetch what is new of the configured publishers[/dim]
    [dim]copydesk story URL        who took it from whom[/dim]
    [dim]copydesk explain URL      why a page was kept, linked or refused[/dim]
    [dim]copydesk doctor           is everything there that a crawl needs?[/dim]
    """,
    epilog="[bold]copydesk COMMAND --help[/bold] has examples. Options also come from copydesk.toml and from COPYDESK_… "
    "in the environment; [bold]copydesk doctor[/bold] shows which value came from where.",
)
WORK, LOOK, KEEP, OPERATE = "Find copies", "Look", "Keep the tables", "Operate"
"""The panels of `copydesk --help`."""

Data = Annotated[
    str | None, typer.Option("--data", metavar="DIR", help="Where the tables are; may be s3://…", show_default="data")
]
Log = Annotated[
    str | None,
    typer.Option(
        "--log", metavar="auto|text|json", help="Text for people, JSON lines for machines.", show_default="auto"
    ),
]
Quiet = Annotated[bool | None, typer.Option("--quiet", "-q", help="Say nothing but errors.", show_default=False)]
Processes = Annotated[int | None, typer.Option(min=0, help="Worker processes.", show_default="one per core")]
Horizon = Annotated[
    str | None,
    typer.Option(metavar="90d", help="Look for copies in articles this young only.", show_default="all history"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


publishers_app = typer.Typer(invoke_without_command=True)
app.add_typer(publishers_app, name="publishers", rich_help_panel=OPERATE)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"copydesk {version('copydesk')}")
        raise typer.Exit


@app.callback()
def copydesk(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


class Stopped(SystemExit):
    """A signal asked this process to end: what was read is still committed on the way out."""


def _stop(number: int, _: FrameType | None) -> None:
    raise Stopped(128 + number)  # a shell's convention


def main() -> None:
    """Run the command line; everything that can go wrong ends as one message and its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        app()
    except Stopped as stopped:
        name = signal.Signals(int(str(stopped.code)) - 128).name
        show.error(f"stopped by {name}; what was read is committed", "the same command again does the rest")
        raise
    except Exception as error:  # noqa: BLE001  (the last line of defence)
        sys.exit(_told(error))


def _told(error: Exception) -> Exit:
    """Say what went wrong and what to do; return the exit code. The stages are imported here, so that `--help` stays fast."""
    from crawler.crawl import NoContact  # noqa: PLC0415
    from crawler.guard import BadOptionError  # noqa: PLC0415
    from crawler.publishers import UnknownPublisherError  # noqa: PLC0415
    from crawler.replay import DamagedArchiveError  # noqa: PLC0415
    from pipelines import dedup, store, translations  # noqa: PLC0415
    from pipelines.sources import UnreadableSourceError  # noqa: PLC0415
    from pipelines.spark.session import HoldsRunsError, NoSparkError  # noqa: PLC0415

    usage: dict[type[Exception], str] = {
        BadOptionError: "copydesk crawl --help shows the form",
        ConfigurationError: "",
        DamagedArchiveError: "give a whole copy of it; `copydesk ingest` reads what is left of a damaged one",
        HoldsRunsError: "",
        NoContact: "",
        NoSparkError: "",
        UnknownPublisherError: "`copydesk publishers` lists them",
        UnreadableSourceError: "give a page, a folder of HTML, a .warc or .warc.gz, a .jsonl of ready texts, or Parquet",
    }
    for kind, do in usage.items():
        if isinstance(error, kind):
            show.error(str(error), do)
            return Exit.USAGE
    if isinstance(error, store.Locked):
        show.error(str(error), "wait for it to end, or give another --data")
        return Exit.LOCKED
    if isinstance(error, (store.StorageError, dedup.IndexMismatch, dedup.IndexDamaged, translations.IndexMismatch)):
        show.error(str(error))  # these name the next step themselves
        return Exit.STORAGE
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        show.error(f"{where}{error.strerror or error}", "`copydesk doctor` looks at disk, rights and tables")
        return Exit.STORAGE
    show.bug(error)
    return Exit.BUG


def _configured(**options: Any) -> Config:
    return config.load(options)[0]


# -- the main job -------------------------------------------------------------------------------------------------------


@app.command(rich_help_panel=WORK)
def crawl(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PUBLISHER|URL]…", help="Names and addresses.", show_default="the configured publishers"
        ),
    ] = None,
    data: Data = None,
    since: Annotated[
        str | None, typer.Option(metavar="2d", help="Take articles this young: 36h, 2d, 2026-11-20.", show_default="2d")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Take articles up to this date, for a backfill.", show_default="now"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most this many articles of each publisher.", show_default="all")
    ] = None,
    publisher: Annotated[list[str] | None, typer.Option(help="The same as naming it; may be repeated.")] = None,
    all_copies: Annotated[
        bool | None,
        typer.Option(
            "--all/--copies-only",
            help="Take all an aggregator lists, or only copies of known stories.",
            show_default="--copies-only",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be fetched and why; write nothing.")
    ] = False,
    replay: Annotated[
        list[Path] | None, typer.Option(metavar="WARC", help="Answer from this archive; no network.")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="Mail address or web page for the user agent.")] = None,
    allow_address: Annotated[
        list[str] | None, typer.Option(metavar="HOST:PORT", help="The only way to a private address; for tests.")
    ] = None,
    horizon: Horizon = None,
    notify_url: Annotated[
        str | None, typer.Option(metavar="URL", help="POST a JSON summary there; {exit_code} in it is replaced.")
    ] = None,
    health_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the summary there as JSON, for a monitor.")
    ] = None,
    metrics_file: Annotated[
        str | None, typer.Option(metavar="FILE.prom", help="Write Prometheus metrics there (textfile collector).")
    ] = None,
    processes: Processes = None,
    log: Log = None,
    quiet: Quiet = None,
) -> None:
    """Fetch what is new, take the text out, find the copies, write the tables. One shot, for cron.

    [dim]copydesk crawl                                 the configured publishers, the last two days[/dim]
    [dim]copydesk crawl congluan --since 7d --limit 50  one publisher, a week, at most 50 articles[/dim]
    [dim]copydesk crawl https://www.congluan.vn/…html   one page, and what it was taken from[/dim]
    [dim]copydesk crawl --dry-run                       what would be fetched, and why; writes nothing[/dim]
    [dim]copydesk crawl --replay tests/demo/demo.warc.gz --data demo-data   answers from an archive, no network[/dim]
    """
    from crawler import crawling  # noqa: PLC0415

    settings = _configured(
        data=data, since=since, until=until, limit=limit, all_copies=all_copies, contact=contact,
        allow_address=tuple(allow_address or ()), processes=processes, log=log, quiet=quiet, horizon=horizon,
        notify_url=notify_url, health_file=health_file, metrics_file=metrics_file,
    )  # fmt: skip
    show.setup(settings.log, quiet=settings.quiet)
    raise typer.Exit(
        crawling.crawl([*(targets or ()), *(publisher or ())], settings, replay=tuple(replay or ()), dry_run=dry_run)
    )


@app.command(rich_help_panel=WORK)
def ingest(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE…", help="WARC, folder of HTML, .jsonl of ready texts, Parquet of articles or pages."
        ),
    ],
    data: Data = None,
    host: Annotated[list[str] | None, typer.Option(help="Of a WARC, only pages of this host; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="Of a WARC, only pages fetched since: 36h, 2d, 2026-11-20.")] = None,
    until: Annotated[str | None, typer.Option(help="Of a WARC, only pages fetched until this date.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pages per commit.", show_default="2000")] = None,
    horizon: Horizon = None,
    processes: Processes = None,
    log: Log = None,
    quiet: Quiet = None,
) -> None:
    """Run the same pipeline over what is already here. Doing it again adds nothing.

    [dim]copydesk ingest CC-NEWS-20261124-00012.warc.gz --host congluan.vn[/dim]
    [dim]copydesk ingest pages/ texts.jsonl --data out[/dim]
    """
    settings = _configured(data=data, processes=processes, log=log, quiet=quiet, horizon=horizon, batch=batch)
    if settings.processes != 0:
        from pipelines.workers import start_server  # noqa: PLC0415

        start_server("pipelines.warmed")  # it imports while we do
    from crawler import ingesting  # noqa: PLC0415

    show.setup(settings.log, quiet=settings.quiet)
    raise typer.Exit(ingesting.ingest(sources, settings, hosts=host or (), since=since, until=until))


@app.command(rich_help_panel=WORK)
def spark(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE…", help="WARC, Parquet of articles or pages, .jsonl; paths, patterns or s3://…"),
    ],
    out: Annotated[str, typer.Option("--out", metavar="URI", help="An empty folder, or s3://…, for the tables.")],
    master: Annotated[
        str | None,
        typer.Option(metavar="URL", help="local[2], spark://host:7077, …", show_default="spark-submit's, or all cores"),
    ] = None,
    work: Annotated[
        str | None,
        typer.Option(
            metavar="URI", help="A folder that all machines see, for what is in between.", show_default="in --out"
        ),
    ] = None,
    log: Log = None,
    quiet: Quiet = None,
) -> None:
    """Make the same tables as `ingest` on Apache Spark, for more than one machine can hold. Needs the extra `spark` and Java 17.

    [dim]copydesk spark 'CC-NEWS-2026*.warc.gz' --out history       all cores of this machine[/dim]
    [dim]copydesk spark a/data b/data --out s3://news/all --master spark://host:7077   two folders as one, on a cluster[/dim]
    """
    from crawler import scaling  # noqa: PLC0415

    settings = _configured(log=log, quiet=quiet)
    show.setup(settings.log, quiet=settings.quiet)
    raise typer.Exit(scaling.spark(sources, out, master=master, work=work or ""))


@app.command(rich_help_panel=WORK)
def extract(
    target: Annotated[str | None, typer.Argument(metavar="FILE|URL|-", help="A page; `-` reads it from stdin.")] = None,
    url: Annotated[str, typer.Option(help="The address the page had; decides the publisher's layout.")] = "",
    as_json: AsJson = False,
    batch: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="Lines of {id, url, path}; prints JSON lines.")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="Mail address or web page for the user agent.")] = None,
    processes: Processes = None,
) -> None:
    """Take the article out of one page and show what was removed.

    [dim]copydesk extract page.html --url https://www.vietnam.vn/de/…[/dim]
    [dim]curl -s URL | copydesk extract - --url URL --json[/dim]
    """
    from crawler import extracting  # noqa: PLC0415

    settings = _configured(contact=contact, processes=processes)
    show.setup("text", quiet=False)
    if batch is not None:
        raise typer.Exit(extracting.batch(batch, settings.processes))
    if target is None:
        raise typer.BadParameter("say what to extract: a file, an address, - for stdin, or --batch FILE.jsonl")
    if target.startswith(("http://", "https://")):
        from crawler import fetching  # noqa: PLC0415

        page = fetching.fetch(target, settings)
    else:
        page = extracting.from_file(Path(target), url)
    raise typer.Exit(extracting.one(page, as_json=as_json))


@app.command(rich_help_panel=WORK)
def reextract(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new data folder.")],
    data: Data = None,
    processes: Processes = None,
    log: Log = None,
    quiet: Quiet = None,
) -> None:
    """Rebuild all tables from the archive with today's code, into a new folder, and print what changed.

    [dim]copydesk reextract --out data-new   then look at the differences, and change the folders' names[/dim]
    """
    from crawler import reextracting  # noqa: PLC0415

    settings = _configured(data=data, processes=processes, log=log, quiet=quiet)
    show.setup(settings.log, quiet=settings.quiet)
    raise typer.Exit(reextracting.reextract(settings, out))


# -- looking ------------------------------------------------------------------------------------------------------------


@app.command(rich_help_panel=LOOK)
def story(
    what: Annotated[str, typer.Argument(metavar="URL|ID", help="Any address of any copy, or an article id.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Print all copies of a story as a tree: who took it from whom, how, in which language, how much later.

    [dim]copydesk story https://www.vietnam.vn/de/…   any address of any of its copies[/dim]
    [dim]copydesk story 54b182fad380 --json           an article id, or its first eight digits or more[/dim]
    """
    from crawler import looking  # noqa: PLC0415

    show.setup("text", quiet=False)
    raise typer.Exit(looking.story(_configured(data=data).data, what, as_json=as_json))


@app.command(rich_help_panel=LOOK)
def explain(
    what: Annotated[str, typer.Argument(metavar="URL|ID", help="Any address, or an article id.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say why a page was kept, linked or refused.

    When it was read and how that ended, what was removed and where, every relation with its evidence, the candidates that are no
    copies and why not, the story and why its canonical is the canonical.

    [dim]copydesk explain https://www.vietnam.vn/de/…   any address, also one that was refused or never read[/dim]
    [dim]copydesk explain 54b182fad380 --json           the same for programs[/dim]
    """
    from crawler import explaining  # noqa: PLC0415

    show.setup("text", quiet=False)
    raise typer.Exit(explaining.explain(_configured(data=data).data, what, as_json=as_json))


@app.command(rich_help_panel=LOOK)
def runs(
    data: Data = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    log: Log = None,
) -> None:
    """List the last runs: how long, how many pages, what was new, how it ended.

    [dim]copydesk runs -n 5[/dim]
    [dim]copydesk runs --log json | jq .exit[/dim]
    """
    from crawler import looking  # noqa: PLC0415

    settings = _configured(data=data, log=log)
    show.setup(settings.log, quiet=False)
    raise typer.Exit(looking.runs(settings.data, limit))


@app.command(rich_help_panel=LOOK)
def sql(
    query: Annotated[str | None, typer.Argument(help="DuckDB SQL; without it, the views and their columns.")] = None,
    data: Data = None,
    log: Log = None,
) -> None:
    """Ask the tables with DuckDB. Reading never disturbs a run.

    [dim]copydesk sql                                   the views and their columns[/dim]
    [dim]copydesk sql "SELECT language, count(*) FROM clean GROUP BY ALL ORDER BY 2 DESC"[/dim]
    """
    from crawler import looking  # noqa: PLC0415

    settings = _configured(data=data, log=log)
    show.setup(settings.log, quiet=False)
    overview = "SELECT table_name AS view, string_agg(column_name, ', ' ORDER BY ordinal_position) AS columns FROM information_schema.columns GROUP BY ALL ORDER BY 1"
    raise typer.Exit(looking.sql(settings.data, query or overview))


# -- publishers ---------------------------------------------------------------------------------------------------------


@publishers_app.callback()
def publishers(ctx: typer.Context, log: Log = None) -> None:
    """List the publishers copydesk knows, or check one.

    [dim]copydesk publishers                  names for `copydesk crawl NAME`[/dim]
    [dim]copydesk publishers check congluan   do its lists and pages still look as expected?[/dim]
    """
    if ctx.invoked_subcommand is None:
        from crawler.publishers import publishers as known  # noqa: PLC0415

        show.setup(_configured(log=log).log, quiet=False)
        show.table(
            ("name", "publisher", "language", "hosts", "kind"),
            [
                (p.name, p.title, p.language, ", ".join(p.hosts), "aggregator" if p.aggregator else "newspaper")
                for p in known().values()
            ],
        )


@publishers_app.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `copydesk publishers` lists it.")],
    contact: Annotated[str | None, typer.Option(help="Mail address or web page for the user agent.")] = None,
    allow_address: Annotated[
        list[str] | None, typer.Option(metavar="HOST:PORT", help="A private address; for tests.")
    ] = None,
) -> None:
    """Try a publisher: robots.txt, sitemaps, feeds, sections, one article; say what was found. Stores nothing.

    [dim]copydesk publishers check congluan --contact you@example.org[/dim]
    """
    from crawler import fetching  # noqa: PLC0415
    from crawler.publishers import check as checked  # noqa: PLC0415

    settings = _configured(contact=contact, allow_address=tuple(allow_address or ()))
    show.setup("text", quiet=False)
    found = checked(name, lambda url: fetching.fetch(url, settings))
    for line in str(found).splitlines():
        show.out.print(show.safe(line, 1000))
    raise typer.Exit(Exit.OK if found.good else Exit.PARTIAL)


# -- keeping ------------------------------------------------------------------------------------------------------------


@app.command(rich_help_panel=KEEP)
def compact(
    data: Data = None,
    before: Annotated[
        str | None, typer.Option(metavar="DATE", help="Merge days before this one.", show_default="today")
    ] = None,
    log: Log = None,
) -> None:
    """Merge the small files of past days into one per day, while others read.

    [dim]copydesk compact                      once a week; `copydesk schedule` has a line for it[/dim]
    [dim]copydesk compact --before 2026-11-01  leave this month alone[/dim]
    """
    from crawler import keeping  # noqa: PLC0415

    settings = _configured(data=data, log=log)
    show.setup(settings.log, quiet=False)
    raise typer.Exit(keeping.compact(settings, config.day(before) if before else None))


@app.command(rich_help_panel=KEEP)
def verify(
    data: Data = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild what is derived: indexes, stories, places in the archive.")
    ] = False,
    log: Log = None,
) -> None:
    """Check tables, archive and indexes against what was committed; say what is wrong and what mends it.

    [dim]copydesk verify            reads every byte; exit code 6 when something is wrong[/dim]
    [dim]copydesk verify --repair   builds indexes and stories again from the tables, finds records of the archive again[/dim]
    """
    from crawler import keeping  # noqa: PLC0415

    settings = _configured(data=data, log=log)
    show.setup(settings.log, quiet=False)
    raise typer.Exit(keeping.verify(settings, repair=repair))


@app.command(rich_help_panel=KEEP)
def forget(
    what: Annotated[str, typer.Argument(metavar="URL|HOST", help="An address, or a host with its subdomains.")],
    data: Data = None,
) -> None:
    """Remove an article or a whole host everywhere, archive included, and keep it out: for take-down requests.

    [dim]copydesk forget https://paper.example/a-story-1.html   one article, every version of it[/dim]
    [dim]copydesk forget paper.example                          a host and its subdomains[/dim]
    """
    from crawler import keeping  # noqa: PLC0415

    settings = _configured(data=data)
    show.setup("text", quiet=False)
    raise typer.Exit(keeping.forget(settings, what))


# -- operating ----------------------------------------------------------------------------------------------------------


@app.command(rich_help_panel=LOOK)
def report(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where to write it.")] = Path("report.html"),
    data: Data = None,
) -> None:
    """Write a self-contained HTML report: who copies whom, how fast, in which language, and what went wrong.

    [dim]copydesk report -o report.html   then open it in a browser; it loads nothing and runs no script[/dim]
    """
    from pipelines.report import report as write  # noqa: PLC0415
    from pipelines.store import connect  # noqa: PLC0415

    settings = _configured(data=data)
    show.setup("text", quiet=False)
    if out.is_dir() or not out.absolute().parent.is_dir():
        what = "is a folder" if out.is_dir() else f"there is no folder {out.parent}"
        raise ConfigurationError(f"--out {out}: {what}; name a file in a folder that is there")
    with connect(settings.data) as db:
        show.out.print(show.safe(write(db, out), 1000))


@app.command(rich_help_panel=OPERATE)
def doctor(
    data: Data = None,
    network: Annotated[
        bool, typer.Option("--network/--no-network", help="Ask DNS and every publisher's robots.txt.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Check everything that a crawl needs; say what to do about what is wrong.

    Python, libraries, disk, lock, clock, names, every publisher's robots.txt, tables and indexes, and the configuration in force with
    the origin of each value. Changes nothing; exit code 2 when a crawl could not work.

    [dim]copydesk doctor                            before the first crawl, and when something is odd[/dim]
    [dim]copydesk doctor --no-network --json | jq 'select(.level != "ok")'[/dim]
    """
    from crawler import fetching  # noqa: PLC0415
    from crawler.doctor import doctor as examine  # noqa: PLC0415

    settings, origin = config.load({"data": data})
    show.setup("text", quiet=False)
    found = examine(settings, origin, network=network, fetch=lambda url: fetching.fetch(url, settings))
    raise typer.Exit(show.findings(found, as_json=as_json))


@app.command(rich_help_panel=OPERATE)
def schedule(
    kind: Annotated[str, typer.Argument(metavar="cron|systemd", help="Who starts copydesk.")],
    data: Data = None,
) -> None:
    """Print the lines that run copydesk every hour; it locks its data folder itself.

    [dim]copydesk schedule cron      lines for `crontab -e`[/dim]
    [dim]copydesk schedule systemd   a service and a timer for /etc/systemd/system[/dim]
    """
    from crawler.operating import schedule_lines  # noqa: PLC0415

    settings = _configured(data=data)
    if kind not in ("cron", "systemd"):
        raise typer.BadParameter(f"{kind!r} is no schedule; cron or systemd")
    executable = Path(sys.argv[0]).resolve()
    typer.echo(schedule_lines(kind, settings, str(executable), Path.cwd()), nl=False)  # type: ignore[arg-type]
