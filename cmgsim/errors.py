"""Every error a user can meet, drawn as one tree.

::

    CmgsimError
    ├── UsageError               what was asked cannot be judged: no such file, no such name, not YAML   (exit 2)
    │   ├── UnreadableFile       a file that is missing, a directory, too large, binary or not YAML
    │   └── UnknownName          a name nothing carries; says what is near
    ├── FileFaults               a file that can be read but breaks the schema: all its findings          (exit 1)
    ├── Refused                  what the console refuses; nothing was changed                           (exit 1)
    ├── PlanFailed               a plan step that cannot be done in the state the world is in             (exit 1)
    ├── IllegalTransition        an event for which a lifecycle has no row; nothing was changed
    ├── ForkError                a world that cannot be copied, and why
    └── StorageError             a saved run that is damaged, or of another version

Anything else that reaches a user is our bug (exit 3). Messages name the place, the offending value and the remedy.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class CmgsimError(Exception):
    """The root of all errors that are not our bugs."""


class UsageError(CmgsimError):
    """What was asked for cannot be judged at all."""


class UnreadableFile(UsageError):
    """A file that cannot be read as a document; the message is one line: path, reason, remedy."""


class UnknownName(UsageError, KeyError):
    """A name that nothing carries. It is a KeyError too, so that ``get`` of a mapping can fall back to its default."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        # Exceptions are copied, pickled and raised again by calling their class with ``args``.
        super().__init__(kind, name, tuple(sorted(known)))

    def __str__(self) -> str:
        kind, name, known = self.args
        return f"no {kind} is named {name!r}{nearest(name, known)}"


class FileFaults(CmgsimError):
    """A readable file that breaks the rules of its schema.

    ``findings`` holds every fault of the file, sorted by line; printing the error prints all of them as frames.
    """

    def __init__(self, findings: object) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        return str(self.findings)


class Refused(CmgsimError):
    """Something the console does not let one do. Nothing was changed.

    ``code`` is a word to test for, such as ``FEATURE_OFF``; the message says why and what to do, with the console path.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return ": ".join(self.args)


class PlanFailed(CmgsimError):
    """A plan step that cannot be done, or did not come to its end."""


class IllegalTransition(CmgsimError):
    """An event that a lifecycle has no row for. The state is unchanged."""


class ForkError(CmgsimError):
    """A world that cannot be copied; the message names what prevents it."""


class StorageError(CmgsimError):
    """A saved run that cannot be opened again; the message names the file and what is wrong with it."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or the known names when none is near, or nothing when there are none."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"; there is {shown}" if names else "; there is none"
