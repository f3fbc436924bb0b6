"""``--seed``, alike in all commands."""

from __future__ import annotations

import click

_MOST = 2**63 - 1


def read_seed(text: str | int) -> int:
    """Read the seed of a run: any whole number that a scenario may have there.

    Raises:
        click.BadParameter: if it is none.
    """
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= _MOST:
        raise click.BadParameter(f"{text!r} is no seed: write a whole number from 0 to {_MOST}, such as 7")
    return number
