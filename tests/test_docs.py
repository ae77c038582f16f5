"""The documentation and the command line agree: what is written exists, and what exists is written."""

import re
from pathlib import Path

import pytest
import typer

from crawler import cli

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "data" / "README.md",
]
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


def mentioned(page: Path) -> list[tuple[str, str]]:
    """(command, rest of the line) wherever `copydesk command` stands in code: a code block or between backquotes."""
    text = page.read_text("utf-8")
    code = re.findall(r"```.*?```|^(?: {4}|\t).*$|`[^`\n]+`", text, re.DOTALL | re.MULTILINE)
    return [(name, rest) for part in code for name, rest in WRITTEN.findall(part)]


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


def test_every_command_helps_with_its_own_words() -> None:
    for name, command in COMMANDS.items():
        assert command.help and len(command.help) > 20, name  # noqa: PT018
        for param in command.params:
            assert (
                getattr(param, "help", None)
                or param.param_type_name == "argument"
                or param.name in ("limit", "processes")
            ), f"{name} {param.name}"
