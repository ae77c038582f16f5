"""`copydesk`, also as `python -m crawler`."""


def main() -> None:
    """The command line. It is imported here and not above: worker processes import the main module, too, and have no use for it."""
    from crawler.cli import main as command  # noqa: PLC0415

    command()


if __name__ == "__main__":
    main()
