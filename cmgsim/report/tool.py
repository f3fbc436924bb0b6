"""What a report says of the tool that made it."""

from __future__ import annotations


def tool_version() -> str:
    """Return the version of the installed package, or ``"unknown"`` in a tree that is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("cmgsim")
    except PackageNotFoundError:
        return "unknown"
