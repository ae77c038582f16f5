"""PySpark is a Python package, but it runs on Java, which no Python package brings."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

OLDEST = 17
"""What PySpark 4 asks for."""


def needs_java() -> None:
    """Skip the test where there is no Java that is new enough."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr if java else ""
    version = re.search(r'version "(\d+)', said)
    if version is None:
        pytest.skip(f"no Java here; Spark needs Java {OLDEST} or later")
    if int(version[1]) < OLDEST:
        pytest.skip(f"Java {version[1]} is here; Spark needs Java {OLDEST} or later")
