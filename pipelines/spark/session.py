"""A Spark session, or the reason why there is none."""

import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17
"""What PySpark 4 asks for."""


class NoSparkError(RuntimeError):
    """Spark cannot be started here. The message says what to install."""


class HoldsRunsError(ValueError):
    """The folder for the tables is not empty."""


def check() -> None:
    """Raise `NoSparkError` when PySpark or Java is missing or too old."""
    if find_spec("pyspark") is None:
        raise NoSparkError("PySpark is not installed: pip install 'copydesk[spark]'")
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    advice = f"install Java {OLDEST_JAVA} or later (Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME"
    try:
        said = subprocess.run([java or "java", "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    except OSError:
        raise NoSparkError(f"Spark needs Java, and there is none{f' in {home}' if home else ''}; {advice}") from None
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise NoSparkError(
            f"Spark needs Java {OLDEST_JAVA}, this is {said.splitlines()[0] if said else java}; {advice}"
        )


@contextmanager
def session(master: str | None = None) -> Iterator["SparkSession"]:
    """A session on `master`; None: the one `spark-submit` says, else all cores of this machine. Raises `NoSparkError`.

    A session that is running already is used, and left running.
    """
    check()
    from pyspark import SparkConf  # noqa: PLC0415  (optional)
    from pyspark.sql import SparkSession  # noqa: PLC0415

    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)  # it is not used
    given = SparkConf()
    chosen = master or given.get("spark.master") or "local[*]"
    builder = SparkSession.builder.appName("copydesk").master(chosen)
    if chosen.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        for name, value in LOCAL.items():
            if given.get(name) is None:
                builder = builder.config(name, value)
    for name, value in ALWAYS.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:
        raise NoSparkError(f"Spark does not start on {chosen}: {str(error).splitlines()[0]}") from error
    try:
        yield spark
    finally:
        spark.stop()


ALWAYS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "500",  # rows carry whole articles
    "spark.sql.execution.arrow.useLargeVarTypes": "false",
    "spark.sql.adaptive.enabled": "true",  # joins split what hangs on one key too much (skewJoin is on by default)
    "spark.log.level": "ERROR",
    "spark.speculation": "false",  # two tasks must not write one file
}
LOCAL = {
    "spark.driver.memory": "3g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
