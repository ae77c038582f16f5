"""The two ways the store says no to people; `exit_code` is what a command line ends with."""

from datetime import datetime


class Locked(Exception):  # noqa: N818  (it is an answer: somebody else is at work)
    """Another run holds the lock of this data folder."""

    exit_code = 3

    def __init__(self, holder: str, since: datetime | None) -> None:
        when = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        super().__init__(f"another run is writing: {holder}{when}; wait for it, or stop it")
        self.holder = holder
        """Command, process id and machine, for people."""
        self.since = since


class StorageError(Exception):
    """The data folder cannot be written or read as it must be."""

    exit_code = 6

    def __init__(self, path: str, what: str, what_to_do: str) -> None:
        super().__init__(f"{path}: {what}; {what_to_do}")
        self.path = path
        self.what = what
        self.what_to_do = what_to_do
