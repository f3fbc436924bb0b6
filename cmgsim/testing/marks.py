"""The marks of Python scenarios, and the options that say which seeds to run."""

from __future__ import annotations

import keyword

import pytest

MARKS = (
    "design(path): the design file of the fixtures design and world, relative to the test's file",
    "plan(path): the plan file of the fixtures plan and rehearsal, relative to the test's file",
    "seeds(n, ...): run once for each of the seeds 1 to n, or for the seeds given when there are several",
    "engine(name): the fleet engine of the fixture world",
)
LARGEST_SEED = 2**63 - 1


def register(config: pytest.Config) -> None:
    """Make the marks known to pytest."""
    for line in MARKS:
        config.addinivalue_line("markers", line)


def check_options(config: pytest.Config) -> None:
    """Refuse options that make no sense.

    Raises:
        pytest.UsageError: which one, and what to write.
    """
    given, count = config.getoption("--cmg-seed"), config.getoption("--cmg-seeds")
    if given and count:
        raise pytest.UsageError("--cmg-seed and --cmg-seeds exclude each other: give one of them")
    if count is not None and count < 1:
        raise pytest.UsageError(f"--cmg-seeds {count} runs nothing: give 1 or more")
    for seed in given or ():
        if not 0 <= seed <= LARGEST_SEED:
            raise pytest.UsageError(f"--cmg-seed {seed} is no seed: give a number from 0 to {LARGEST_SEED}")


def seeds_asked_for(config: pytest.Config) -> tuple[int, ...]:
    """Return the seeds of the command line; none if it leaves the choice to the scenarios."""
    given, count = config.getoption("--cmg-seed"), config.getoption("--cmg-seeds")
    return tuple(dict.fromkeys(given)) if given else tuple(range(1, (count or 0) + 1))


def seed_id(seed: int) -> str:
    """Return what a run with a seed is called among pytest's items: a word that ``-k`` takes, as saved runs have it."""
    return f"seed-{seed}"


def tag(item: pytest.Item, words: tuple[str, ...]) -> None:
    """Let an item be selected by the tags of its scenario: all by ``-k``, and by ``-m`` those that can be marks."""
    item.extra_keyword_matches.update(words)
    for word in words:
        if word.isidentifier() and not keyword.iskeyword(word):
            if not any(line.split(":")[0].split("(")[0] == word for line in item.config.getini("markers")):
                item.config.addinivalue_line("markers", f"{word}: a tag of scenarios")
            item.add_marker(getattr(pytest.mark, word))
