"""A run as tables of plain columns: for pandas, for Parquet files, for anything that reads columns.

Every table begins with ``run`` (the run's digest) and ``seed``, so that tables of many runs can be stacked. Names carry
their units. The meaning of every column is in :data:`DICTIONARY`, from which the page of the documentation is made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from errno import ENOSPC
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmgsim.errors import StorageError, UsageError
from cmgsim.fleet.engine import NEVER
from cmgsim.fleet.series import INTERVAL_US, Count, Gauge
from cmgsim.site.client import Activity
from cmgsim.site.landscape import Over
from cmgsim.units import SECOND

if TYPE_CHECKING:
    from cmgsim.world.run import Run

Columns = dict[str, NDArray[Any]]

_GAUGES = {gauge: f"{gauge.name.lower()}_{'requests' if gauge is Gauge.WAITING else 'clients'}" for gauge in Gauge}

DICTIONARY: Mapping[str, Mapping[str, str]] = {
    "requests": {
        "run": "the run's digest",
        "seed": "the run's seed",
        "begin_s": "where the five-minute interval begins, in seconds since the beginning of the run",
        "kind": "the kind of request",
        "way": "intranet, gateway, or internet for a management point that is itself published",
        **{f"requests_{count.name.lower()}": f"requests {count.name.lower().replace('_', ' ')}" for count in Count},
    },
    "intervals": {
        "run": "the run's digest",
        "seed": "the run's seed",
        "begin_s": "where the five-minute interval begins, in seconds since the beginning of the run",
        **{name: f"{name.replace('_', ' ')} at the interval's end" for name in _GAUGES.values()},
        "connections": "notification channels open over gateways at the interval's end",
        "egress_bytes": "bytes that left Azure",
    },
    "clients": {
        "run": "the run's digest",
        "seed": "the run's seed",
        "client": "the client's name",
        "population": "its population",
        "stranded_s": "all time that it was stranded, in seconds",
        "stranded_longest_s": "the longest time it was stranded in one piece, in seconds",
        "located_s": "when it last asked for locations with success, or -1",
        "policy_s": "when it last got policy, or -1",
    },
}
"""Every table of a run with its columns and what they mean."""
#: Tables of what the stations did, which a profile has and a run has not.
_OF_PROFILES = ("latencies", "parts")


def tables(run: Run) -> dict[str, Columns]:
    """Return the tables of a run: columns of equal length by name, in the order of :data:`DICTIONARY`."""
    made = {"requests": _requests(run), "intervals": _intervals(run), "clients": _clients(run)}
    return {name: stamped(run, columns) for name, columns in made.items()}


def stamped(run: Run, columns: Columns) -> Columns:
    """Return columns with those before them that say which run they are of."""
    rows = len(next(iter(columns.values())))
    return {"run": np.full(rows, run.digest), "seed": np.full(rows, run.seed, dtype=np.int64), **columns}


def _requests(run: Run) -> Columns:
    counted = run.series.requests
    intervals, kinds, ways, _ = counted.shape
    index = np.indices((intervals, kinds, ways)).reshape(3, -1)
    some = counted.reshape(-1, len(Count)).any(axis=1)
    kind_names = np.array([activity.name.lower() for activity in Activity])
    way_names = np.array([way.value for way in Over])
    return {
        "begin_s": index[0][some] * (INTERVAL_US // SECOND),
        "kind": kind_names[index[1][some]],
        "way": way_names[index[2][some]],
        **{f"requests_{count.name.lower()}": counted[..., count].ravel()[some] for count in Count},
    }


def _intervals(run: Run) -> Columns:
    series = run.series
    over = [number for number, contact in enumerate(run.landscape.contacts) if contact.over is Over.GATEWAY]
    return {
        "begin_s": np.arange(len(series.clients), dtype=np.int64) * (INTERVAL_US // SECOND),
        **{name: series.clients[:, gauge] for gauge, name in _GAUGES.items()},
        "connections": series.channels[:, over].sum(axis=1),
        "egress_bytes": series.egress.sum(axis=1),
    }


def _clients(run: Run) -> Columns:
    roll = run.roll
    populations = np.array(list(run.design.clients))
    return {
        "client": np.array([run.client_name(client) for client in range(run.clients)]),
        "population": populations[roll.population] if run.clients else populations[:0],
        "stranded_s": roll.stranded_total_us // SECOND,
        "stranded_longest_s": roll.stranded_longest_us // SECOND,
        "located_s": _seconds(roll.located_us),
        "policy_s": _seconds(roll.policy_us),
    }


def _seconds(moment_us: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(moment_us == NEVER, NEVER, moment_us // SECOND)


def frame(run: Run, table: str) -> Any:
    """Return one table of a run as a pandas DataFrame.

    Raises:
        UsageError: if there is no such table, or pandas is not installed.
    """
    remark = f"; a profile has it: cmgsim.profile(design).to_pandas({table!r})" if table in _OF_PROFILES else ""
    return frame_of(tables(run), table, "a run", remark)


def frame_of(made: Mapping[str, Columns], table: str, owner: str, remark: str = "") -> Any:
    """Return one of some tables as a pandas DataFrame; *owner* is what has them, for the error.

    Raises:
        UsageError: if there is no such table, or pandas is not installed.
    """
    if table not in made:
        raise UsageError(f"{owner} has no table {table!r}; it has {', '.join(made)}{remark}")
    try:
        pandas: Any = import_module("pandas")
    except ImportError:
        raise UsageError("to_pandas needs pandas, which is not installed: pip install 'cmgsim[data]'") from None
    return pandas.DataFrame(made[table])


def write_parquet(made: Mapping[str, Columns], folder: Path) -> list[Path]:
    """Write tables as Parquet files into a folder, one each.

    Read them with ``duckdb "from 'runs/*/requests.parquet'"``.

    Raises:
        StorageError: if they cannot be written.
    """
    import duckdb

    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"threads": 1}) as database:
            for name, columns in made.items():
                path = folder / f"{name}.parquet"
                database.register("made", columns)
                quoted = str(path).replace("'", "''")
                database.execute(f"copy (select * from made) to '{quoted}' (format parquet)")
                database.unregister("made")
                written.append(path)
    except (OSError, duckdb.IOException) as error:
        raise StorageError(f"{folder}: the tables cannot be written: {reason_of(error)}") from error
    return written


def reason_of(error: Exception) -> str:
    """Return in a few words why something could not be written; a full disk is said to be one, and which.

    DuckDB tells it in JSON, which may stand behind words of its own.
    """
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(text[text.index("{") :])
        text, number = str(told["exception_message"]), int(told["errno"])
    if number == ENOSPC:
        return "the disk that this folder is on is full: make room, or choose a folder on another one"
    if number is not None:
        return os.strerror(number)
    return text.splitlines()[0] if text else type(error).__name__
