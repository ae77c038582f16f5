"""Write `demo.warc.gz`, the archive that `make demo` replays: a crawl of the loopback servers that play congluan.vn and vietnam.vn.

python -m tests.demo.make
"""

import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.site import Server, congluan, vietnam_vn

DEMO = Path(__file__).with_name("demo.warc.gz")


def main() -> None:
    """Crawl, and keep the archive."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder, Server(congluan(now) | vietnam_vn(now, slow=0.0)) as server:
        allowed = [f"--allow-address={address}" for address in server.allow]
        command = [sys.executable, "-m", "crawler", "crawl", "--data", folder, "--log", "text", *allowed]
        done = subprocess.run(command, check=False)
        if done.returncode not in (0, 4):
            sys.exit(done.returncode)
        (archive,) = sorted((Path(folder) / "raw").glob("*.warc.gz"))
        shutil.copyfile(archive, DEMO)


if __name__ == "__main__":
    main()
