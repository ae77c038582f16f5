"""The documentation and the command line agree: what is written exists and runs, and what exists is written."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from crawler import cli, explaining, reasons
from crawler.config import Config
from pipelines import prepare
from tests.site import Server, congluan, edition, vietnam_vn
from tests.stories import HYDROGEN

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "data" / "README.md",
]
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
COMMANDS = {command.name: command for command in typer.main.get_command(cli.app).commands.values()}  # type: ignore[attr-defined]
WRITTEN = re.compile(r"(?:^|[\s`(/])copydesk ([a-z]+)((?: [^\n`|&;>)]*)?)", re.MULTILINE)
NOT_COMMANDS = {
    "spark",
    "is",
    "does",
    "has",
    "was",
    "cannot",
    "never",
    "writes",
    "finds",
    "knows",
    "fetches",
    "takes",
    "reads",
    "keeps",
    "locks",
    "ended",
    "found",
    "asks",
    "report",
    "and",
}


def code(text: str) -> list[str]:
    """What stands in code on a page: blocks, and words between backquotes."""
    return re.findall(r"```.*?```|^(?: {4}|\t)[^\n]*$|`[^`\n]+`", text, re.DOTALL | re.MULTILINE)


def mentioned(page: Path) -> list[tuple[str, str]]:
    """(command, rest of the line) wherever `copydesk command` stands in code."""
    return [(name, rest) for part in code(page.read_text("utf-8")) for name, rest in WRITTEN.findall(part)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_that_is_written_exists(page: Path) -> None:
    for name, rest in mentioned(page):
        if name in NOT_COMMANDS and name not in COMMANDS:
            continue
        assert name in COMMANDS, f"{page.name}: copydesk {name}"
        command = COMMANDS[name]
        options = {
            option
            for part in (command, *getattr(command, "commands", {}).values())
            for param in part.params
            for option in (*param.opts, *param.secondary_opts)
        }
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest.partition("#")[0]):
            assert option in options | {"--help"}, f"{page.name}: copydesk {name} {option}"


def test_every_command_is_written_somewhere() -> None:
    written = {name for page in PAGES for name, _ in mentioned(page)}
    assert set(COMMANDS) <= written


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} → {target}"


def test_every_command_helps_with_an_example() -> None:
    for name, command in COMMANDS.items():
        assert command.help, name
        assert f"copydesk {name}" in command.help, name
        for param in command.params:
            assert getattr(param, "help", None), f"{name} {param.name}"


# -- every command runs ---------------------------------------------------------------------------------------------------

ARTICLE = edition(HYDROGEN, "de")
STAND_INS = {
    r"URL\|HOST": ARTICLE, "URL": ARTICLE, "NAME": "congluan", "SOURCE": "page.html", "SELECT …": "SELECT 1", "FILE.jsonl": "pages.jsonl",
    # publishers that the servers of the tests do not play
    "baosonghau": "congluan", "https://www.baosonghau.example/": "https://congluan.vn/", "plo": "", "sggp": "", "baomoi": "",
    "history": "data",  # which Spark would have made
    "s3://news/data": "news",  # what a bucket adds is in test_machines.py
}  # fmt: skip
"""What the words of the pages that stand for something are in the test."""
RUN_ELSEWHERE = {"spark"}
"""One run of Spark takes a minute: test_spark.py makes one for all that is to be seen of it."""
DEMO = re.compile(r"<!-- demo -->.*?<!-- /demo -->", re.DOTALL)
"""What `make demo` prints, as the README shows it: run, and held against what is shown, by a test of its own."""
NEEDS_ARGUMENT = {"story", "explain", "forget", "extract", "ingest", "reextract"}
"""Between backquotes and without a word these are names of commands, not commands."""


def runnable(page: Path) -> list[str]:
    """Every complete command of a page, in its order, each once."""
    found: dict[str, None] = {}
    for part in code(DEMO.sub("", page.read_text("utf-8"))):
        for line in part.strip("`").splitlines():
            for piece in re.split(r" && ", re.sub(r"(?<=\S)\s+#.*$", "", line.strip())):
                words = piece.removeprefix("$ ").strip()
                name, _, rest = words.removeprefix("copydesk ").partition(" ")
                whole = words.startswith("copydesk ") and name in COMMANDS.keys() - RUN_ELSEWHERE and '"…"' not in words
                if whole and (rest.strip() or name not in NEEDS_ARGUMENT):
                    found[words] = None
    return list(found)


def once(pages: list[Path]) -> list[tuple[Path, list[str]]]:
    """Each page with its commands, but for those that a page before it has."""
    met: set[str] = set()
    found = []
    for page in pages:
        new = [line for line in runnable(page) if line not in met]
        met.update(new)
        found += [(page, new)] if new else []
    return found


@pytest.fixture(scope="module")
def servers() -> Iterator[Server]:
    now = datetime.now(UTC)
    with Server(congluan(now) | vietnam_vn(now, slow=0.0)) as server:
        yield server


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH in which `copydesk` is this very checkout."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "copydesk"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m crawler "$@"\n')
    program.chmod(0o755)
    return folder


def shell(line: str, folder: Path, tools: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    path = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COPYDESK_PROCESSES": "1",
        "COPYDESK_CONTACT": "desk@news.example",
    }
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=clean | path | environ, capture_output=True, text=True, timeout=900, check=False
    )  # fmt: skip


@pytest.fixture(scope="module")
def crawled(servers: Server, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a user has it: data of a crawl, a page, a listing of pages, the demo's archive."""
    folder = tmp_path_factory.mktemp("user")
    done = shell("copydesk crawl", folder, tools, COPYDESK_ALLOW_ADDRESS=",".join(servers.allow))
    assert done.returncode == 0, done.stderr
    page = next(answer.body for url, answer in vietnam_vn(datetime.now(UTC), slow=0.0).items() if url == ARTICLE)
    (folder / "page.html").write_bytes(page)
    (folder / "pages.jsonl").write_text('{"id": "a", "url": "' + ARTICLE + '", "path": "page.html"}\n')
    (folder / "tests" / "demo").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "demo" / "demo.warc.gz", folder / "tests" / "demo")
    return folder


@pytest.mark.parametrize(("page", "lines"), [pytest.param(*one, id=one[0].name) for one in once(PAGES)])
def test_every_command_that_is_written_runs(
    page: Path, lines: list[str], servers: Server, tools: Path, crawled: Path, tmp_path: Path
) -> None:
    """One after the other, as the page tells it, in a folder of their own; the network is played on loopback."""
    folder = tmp_path / "user"
    shutil.copytree(crawled, folder)
    for line in lines:
        said = re.sub(r"/srv/news(?=/)", str(folder / "news"), line)
        for word, instead in STAND_INS.items():
            said = re.sub(rf"(?<![\w/.]){re.escape(word)}(?![\w.])", instead, said)
        done = shell(said, folder, tools, COPYDESK_ALLOW_ADDRESS=",".join(servers.allow))
        assert done.returncode == 0, f"{page.name}: {line}\n{said}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def test_the_examples_of_the_readme_run(tools: Path, crawled: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    (python,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (sql,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    check = "assert len(articles) > len(clean) == stories.story_id.nunique() > 0 and len(as_it_came)"
    (crawled / "example.py").write_text(python + check)
    done = shell(f"{shlex.quote(sys.executable)} example.py", crawled, tools)
    assert done.returncode == 0, done.stderr
    done = shell(f"copydesk sql --log json -- {shlex.quote(sql)}", crawled, tools)
    assert '"kind": "translation"' in done.stdout, done.stderr


def test_the_readme_shows_what_the_demo_prints(tools: Path, tmp_path: Path) -> None:
    """Times, counts that depend on who came first, and widths of columns aside."""

    def shape(text: str) -> list[str]:
        return [re.sub(r"[\d.]+", "0", " ".join(line.split())) for line in text.splitlines() if line.strip()]

    (shown,) = DEMO.findall((ROOT / "README.md").read_text("utf-8"))
    shown = re.sub(r"<!--.*?-->|```", "", shown)
    done = shell(f"sh {shlex.quote(str(ROOT / 'tests' / 'demo' / 'demo.sh'))}", tmp_path, tools)
    assert done.returncode == 0, done.stderr
    run = re.compile(r"\b[0-9TZ]{16}-[0-9a-f]{6}\b")
    printed = run.sub("RUN", done.stdout.replace(str(ROOT) + "/", ""))
    assert shape(printed) == shape(run.sub("RUN", shown))


@pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not installed (Debian: apt-get install rsync)")
def test_the_backup_of_the_guide_can_be_restored(tools: Path, crawled: Path, tmp_path: Path) -> None:
    lines = re.findall(r"^\$ (rsync .*|copydesk verify.*)$", OPERATING, re.MULTILINE)
    assert len(lines) == 4
    shutil.copytree(crawled / "data", tmp_path / "data")
    (tmp_path / "backup" / "state").mkdir(parents=True)
    for line in lines:
        if line.startswith("rsync -a backup/"):
            shutil.rmtree(tmp_path / "data")
        done = shell(line, tmp_path, tools)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert shell(f"copydesk story {ARTICLE}", tmp_path, tools).returncode == 0


def test_every_other_command_that_is_written_exists() -> None:
    """`make` targets, and the options of benchmarks; the benchmarks themselves need data and hours."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        for part in code(page.read_text("utf-8")):
            for target in re.findall(r"(?:^|[\s`$])make ([a-z-]+)", part):
                assert target in targets, f"{page.name}: make {target}"
            for module, script, rest in re.findall(
                r"python (?:-m benchmarks\.(\w+)|benchmarks/(\w+)\.py)([^\n`#]*)", part
            ):
                text = (ROOT / "benchmarks" / f"{module or script}.py").read_text("utf-8")
                for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
                    named = (f'"{option}"', f'"{option.removeprefix("--")}"')  # some are made in a loop over names
                    assert any(name in text for name in named), f"{page.name}: {module or script} {option}"


# -- tables of words ------------------------------------------------------------------------------------------------------


def test_every_option_of_the_configuration_is_in_the_guide() -> None:
    section = OPERATING.partition("## Configuration")[2].partition("\n## ")[0]
    table = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE))
    assert list(table) == list(Config.model_fields)
    for name, field in Config.model_fields.items():
        default = field.default
        shown = ", ".join(default) if isinstance(default, tuple) else default
        shown = {"": "–", None: "–", True: "true", False: "false"}.get(shown, shown)
        assert table[name] == (f"`{shown}`" if shown != "–" else "–"), name


def test_every_reason_is_explained() -> None:
    """Each word that may stand in `pages.reason`, in `copydesk explain` and in the guide."""
    written = "\n".join(
        path.read_text("utf-8") for folder in ("crawler", "pipelines") for path in (ROOT / folder).rglob("*.py")
    )
    raised = set(re.findall(r'(?:Rejected|Failed|Outcome\("(?:rejected|failed)",)\(?\s*"([a-z_]+)"', written))
    used = raised | prepare.REFUSALS | {word for word in reasons.WORDS.values() if word}
    assert used - {"kept"} <= set(explaining.REASONS)
    table = dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|$", OPERATING.partition("## Reasons")[2], re.MULTILINE))
    assert table == dict(explaining.REASONS)


def test_every_exit_code_is_in_the_guide() -> None:
    table = OPERATING.partition("## Exit codes")[2].partition("\n## ")[0]
    written = {int(number) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for number in row.split(",")}
    assert written == {int(code) for code in cli.Exit}
