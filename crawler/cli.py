"""The `copydesk` command: one thin function per command. Exit codes are in `Exit`."""

import sys
from enum import IntEnum
from pathlib import Path
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
    help="Find every copy of a news story: crawl, clean, compare, and keep it all in Parquet.",
    epilog="Start with [bold]copydesk crawl[/bold]; look with [bold]copydesk runs[/bold] and [bold]copydesk story URL[/bold].",
)
publishers_app = typer.Typer(help="The publishers copydesk knows.", invoke_without_command=True)
app.add_typer(publishers_app, name="publishers")

Data = Annotated[str | None, typer.Option("--data", metavar="DIR", help="Where the tables are. [default: data]")]
Log = Annotated[
    str | None, typer.Option("--log", metavar="auto|text|json", help="text for people, json lines for machines.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Processes = Annotated[int | None, typer.Option(min=0, help="Worker processes. [default: one per core]")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def main() -> None:
    """Run the command line; everything that can go wrong ends as one message and its exit code."""
    try:
        app()
    except KeyboardInterrupt:
        show.error("interrupted")
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  (the last line of defence)
        sys.exit(_told(error))


def _told(error: Exception) -> Exit:
    """Say what went wrong; return the exit code it has. The stages are imported here, so that `--help` stays fast."""
    from crawler.crawl import NoContact  # noqa: PLC0415
    from crawler.guard import BadOptionError  # noqa: PLC0415
    from crawler.publishers import UnknownPublisherError  # noqa: PLC0415
    from crawler.replay import DamagedArchiveError  # noqa: PLC0415
    from pipelines import dedup, store  # noqa: PLC0415
    from pipelines.sources import UnreadableSourceError  # noqa: PLC0415

    usage = (
        BadOptionError,
        ConfigurationError,
        DamagedArchiveError,
        NoContact,
        UnknownPublisherError,
        UnreadableSourceError,
    )
    if isinstance(error, usage):
        show.error(str(error))
        return Exit.USAGE
    if isinstance(error, store.Locked):
        show.error(str(error), "wait for it to end, or give another --data")
        return Exit.LOCKED
    if isinstance(error, (store.StorageError, dedup.IndexMismatch, dedup.IndexDamaged, OSError)):
        show.error(str(error))
        return Exit.STORAGE
    show.bug(error)
    return Exit.BUG


def _configured(**options: Any) -> Config:
    return config.load(options)[0]


# -- the main job -------------------------------------------------------------------------------------------------------


@app.command()
def crawl(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[PUBLISHER|URL]…", help="Default: the configured publishers.")
    ] = None,
    data: Data = None,
    since: Annotated[
        str | None, typer.Option(help="Take articles this young: 36h, 2d, 2026-11-20. [default: 2d]")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Take articles up to this date, for a backfill.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many articles of each publisher.")] = None,
    publisher: Annotated[list[str] | None, typer.Option(help="The same as naming it; may be repeated.")] = None,
    all_copies: Annotated[
        bool | None,
        typer.Option("--all/--copies-only", help="Take all an aggregator lists, or only copies of known stories."),
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
    processes: Processes = None,
    log: Log = None,
    quiet: Quiet = False,
) -> None:
    """Fetch what is new, take the text out, find the copies, write the tables. One shot, for cron.

    [dim]copydesk crawl                                 the default publishers, the last two days[/dim]
    [dim]copydesk crawl congluan --since 7d --limit 50[/dim]
    [dim]copydesk crawl https://www.congluan.vn/…html   one page, and what it was taken from[/dim]
    """
    from crawler import crawling  # noqa: PLC0415

    settings = _configured(
        data=data, since=since, until=until, limit=limit, all_copies=all_copies, contact=contact,
        allow_address=tuple(allow_address or ()), processes=processes, log=log,
    )  # fmt: skip
    show.setup(settings.log, quiet=quiet)
    raise typer.Exit(
        crawling.crawl([*(targets or ()), *(publisher or ())], settings, replay=tuple(replay or ()), dry_run=dry_run)
    )


@app.command()
def ingest(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE…", help="WARC, folder of HTML, .jsonl of ready texts.")
    ],
    data: Data = None,
    host: Annotated[list[str] | None, typer.Option(help="Of a WARC, only pages of this host; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="Of a WARC, only pages fetched since: 36h, 2d, 2026-11-20.")] = None,
    until: Annotated[str | None, typer.Option(help="Of a WARC, only pages fetched until this date.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pages per commit.")] = 2000,
    processes: Processes = None,
    log: Log = None,
    quiet: Quiet = False,
) -> None:
    """Run the same pipeline over what is already here. Doing it again adds nothing.

    [dim]copydesk ingest CC-NEWS-20261124-00012.warc.gz --host congluan.vn[/dim]
    [dim]copydesk ingest pages/ texts.jsonl --data out[/dim]
    """
    settings = _configured(data=data, processes=processes, log=log)
    show.setup(settings.log, quiet=quiet)
    from crawler import ingesting  # noqa: PLC0415

    raise typer.Exit(ingesting.ingest(sources, settings, hosts=host or (), since=since, until=until, batch=batch))


@app.command()
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


@app.command()
def reextract(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new data folder.")],
    data: Data = None,
    processes: Processes = None,
    log: Log = None,
) -> None:
    """Rebuild all tables from the archive with today's code, into a new folder, and print what changed."""
    from crawler import reextracting  # noqa: PLC0415

    settings = _configured(data=data, processes=processes, log=log)
    show.setup(settings.log, quiet=False)
    raise typer.Exit(reextracting.reextract(settings, out))


# -- looking ------------------------------------------------------------------------------------------------------------


@app.command()
def story(
    what: Annotated[str, typer.Argument(metavar="URL|ID", help="Any address of any copy, or an article id.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Print all copies of a story as a tree: who took it from whom, how, in which language, how much later."""
    from crawler import looking  # noqa: PLC0415

    show.setup("text", quiet=False)
    raise typer.Exit(looking.story(_configured(data=data).data, what, as_json=as_json))


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="URL|ID", help="Any address, or an article id.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say why a page was kept, linked or refused: outcome, removed markers, relations with their evidence, story."""
    from crawler import looking  # noqa: PLC0415

    show.setup("text", quiet=False)
    raise typer.Exit(looking.explain(_configured(data=data).data, what, as_json=as_json))


@app.command()
def runs(data: Data = None, limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 20, log: Log = None) -> None:
    """List the last runs: how long, how many pages, what was new, how it ended."""
    from crawler import looking  # noqa: PLC0415

    settings = _configured(data=data, log=log)
    show.setup(settings.log, quiet=False)
    raise typer.Exit(looking.runs(settings.data, limit))


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="DuckDB SQL; without it, the views and their columns.")] = None,
    data: Data = None,
    log: Log = None,
) -> None:
    """Ask the tables with DuckDB.

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
    """List the publishers copydesk knows, or check one."""
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
    """Try a publisher: robots.txt, sitemaps, feeds, sections, one article; say what was found."""
    from crawler import fetching  # noqa: PLC0415
    from crawler.publishers import check as checked  # noqa: PLC0415

    settings = _configured(contact=contact, allow_address=tuple(allow_address or ()))
    show.setup("text", quiet=False)
    found = checked(name, lambda url: fetching.fetch(url, settings))
    for line in str(found).splitlines():
        show.out.print(show.safe(line, 1000))
    raise typer.Exit(Exit.OK if found.good else Exit.PARTIAL)


# -- keeping ------------------------------------------------------------------------------------------------------------


@app.command()
def compact(
    data: Data = None,
    before: Annotated[
        str | None, typer.Option(metavar="DATE", help="Merge days before this one. [default: today]")
    ] = None,
    log: Log = None,
) -> None:
    """Merge the small files of past days into one per day, while others read."""
    from crawler import keeping  # noqa: PLC0415

    settings = _configured(data=data, log=log)
    show.setup(settings.log, quiet=False)
    raise typer.Exit(keeping.compact(settings, config.day(before) if before else None))


@app.command()
def verify(
    data: Data = None,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what is derived: indexes and stories.")] = False,
    log: Log = None,
) -> None:
    """Check tables, archive and indexes against what was committed; say what is wrong and what mends it."""
    from crawler import keeping  # noqa: PLC0415

    settings = _configured(data=data, log=log)
    show.setup(settings.log, quiet=False)
    raise typer.Exit(keeping.verify(settings, repair=repair))


@app.command()
def forget(
    what: Annotated[str, typer.Argument(metavar="URL|HOST", help="An address, or a host with its subdomains.")],
    data: Data = None,
) -> None:
    """Remove an article or a whole host everywhere, archive included, and keep it out: for take-down requests."""
    from crawler import keeping  # noqa: PLC0415

    settings = _configured(data=data)
    show.setup("text", quiet=False)
    raise typer.Exit(keeping.forget(settings, what))


# -- operating ----------------------------------------------------------------------------------------------------------


@app.command()
def report(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where to write it.")] = Path("report.html"),
    data: Data = None,
) -> None:
    """Write a self-contained HTML report: who copies whom, how fast, in which language, and what went wrong."""
    from pipelines.report import report as write  # noqa: PLC0415
    from pipelines.store import connect  # noqa: PLC0415

    settings = _configured(data=data)
    show.setup("text", quiet=False)
    with connect(settings.data) as db:
        show.out.print(str(write(db, out)))


@app.command()
def doctor(
    data: Data = None,
    network: Annotated[
        bool, typer.Option("--network/--no-network", help="Ask DNS and every publisher's robots.txt.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Check Python, libraries, disk, lock, clock, publishers, indexes and tables; say what to do about what is wrong."""
    from crawler import fetching  # noqa: PLC0415
    from crawler.doctor import doctor as examine  # noqa: PLC0415

    settings, origin = config.load({"data": data})
    show.setup("text", quiet=False)
    found = examine(settings, origin, network=network, fetch=lambda url: fetching.fetch(url, settings))
    raise typer.Exit(show.findings(found, as_json=as_json))


@app.command()
def schedule(
    kind: Annotated[str, typer.Argument(metavar="cron|systemd")],
    data: Data = None,
) -> None:
    """Print the lines that run copydesk every hour; it locks its data folder itself."""
    from crawler.operating import schedule_lines  # noqa: PLC0415

    settings = _configured(data=data)
    if kind not in ("cron", "systemd"):
        raise typer.BadParameter(f"{kind!r} is no schedule; cron or systemd")
    executable = Path(sys.argv[0]).resolve()
    typer.echo(schedule_lines(kind, settings, str(executable), Path.cwd()), nl=False)  # type: ignore[arg-type]
