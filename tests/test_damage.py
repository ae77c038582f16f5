"""A flipped bit or a lost end, in whatever file of a data folder, is noticed, named and mended."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler import keeping, show
from crawler.config import Config
from crawler.frontier import Found, Frontier
from crawler.session import FRONTIER
from pipelines.run import Run
from pipelines.seal import unsealed
from pipelines.store import StorageError, Store, forget
from tests.test_run import articles, facts, process

KEPT = ("articles", "copies", "pages", "runs")
"""Tables that hold what is nowhere else: what is lost there comes back from the archive."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage") / "data"
    process(folder, articles()[:12])
    with unsealed([folder / FRONTIER]):
        frontier = Frontier(folder / FRONTIER)
        frontier.add("congluan", [Found(f"k{n}", f"https://congluan.vn/x-post{n}.html", f"x-{n}") for n in range(50)])
        frontier.close()
    with Store.open(folder) as store:
        forget(store, "https://nobody.example/x")
    return folder


def verify(data: Path, capsys: pytest.CaptureFixture[str], *, repair: bool = False) -> tuple[int, list[str]]:
    """The exit code, and the files and problems that are named."""
    show.setup("json", quiet=True)
    capsys.readouterr()
    code = keeping.verify(Config(data=str(data)), repair=repair)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, [f"{line['file']} {line['problem']}" for line in lines if "file" in line]


def flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


@pytest.mark.slow
@pytest.mark.parametrize("harm", [flip, cut])
def test_damage_is_named_and_mended_wherever_it_is(
    data: Path, tmp_path: Path, harm: Callable[[Path, random.Random], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(data, capsys) == (0, [])
    before = facts(data)
    chance = random.Random(11)
    names = sorted(p.relative_to(data) for p in data.rglob("*") if p.is_file() and p.stat().st_size)
    names = [name for name in names if name.name not in ("lock", "lock.json")]
    assert {name.parts[0] for name in names} == {*KEPT, "stories", "state"}
    assert len(names) > 20
    for name in names:
        mine = Path(shutil.copytree(data, tmp_path / "data"))
        harm(mine / name, chance)
        code, named = verify(mine, capsys)
        assert code == 6, name
        assert str(mine / name).removesuffix(".xxh3") in " ".join(named), (name, named)
        if "tombstones" not in name.parts:
            verify(mine, capsys, repair=True)
            code, named = verify(mine, capsys)
            if name.parts[0] in KEPT:
                assert code == (0 if name.parts[0] in ("runs", "pages", "copies") else code)
            else:
                assert (code, named) == (0, []), name
                assert facts(mine) == before
        shutil.rmtree(mine)


@pytest.mark.parametrize("part", ["catalog", "anchors", "provenance", "lines"])
def test_a_run_does_not_work_with_a_damaged_index(data: Path, tmp_path: Path, part: str) -> None:
    mine = Path(shutil.copytree(data, tmp_path / "data"))
    victim = mine / "state" / part / f"{part}.sqlite"
    content = bytearray(victim.read_bytes())
    content[-100] ^= 4
    victim.write_bytes(content)
    with Store.open(mine) as store, pytest.raises(StorageError, match=r"verify --repair") as refused:
        Run(store, mine / "state", command="test", processes=0)
    assert refused.value.path == str(victim)


def test_a_run_that_was_killed_leaves_no_seal_and_the_next_one_does(data: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(data, tmp_path / "data"))
    seals = list(mine.glob("state/*/*.xxh3"))
    assert len(seals) == 5
    with Store.open(mine) as store:
        Run(store, mine / "state", command="test", processes=0)._state.close()
    assert [seal for seal in seals if seal.exists()] == [mine / f"{FRONTIER}.xxh3"]
    process(mine, articles())
    assert all(seal.exists() for seal in seals)
