"""Answers that are lists: immutable rows that print well and are false when empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload


class Table(Sequence[tuple[Any, ...]]):
    """Rows under named columns, such as the counter-examples of a check.

    A table is false when it has no rows, so that ``assert not run.stranded_clients`` reads as it should; printing it
    shows at most :attr:`SHOWN` rows and says how many there are in all.
    """

    SHOWN = 10

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[Any]] = ()) -> None:
        """Take column names and rows.

        Raises:
            ValueError: if a row has not one value for each column.
        """
        self.columns = tuple(columns)
        self.rows = tuple(tuple(row) for row in rows)
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} values under {len(self.columns)} columns: {row!r}")

    def column(self, name: str) -> tuple[Any, ...]:
        """Return one column, top to bottom.

        Raises:
            ValueError: if no column has that name.
        """
        if name not in self.columns:
            raise ValueError(f"no column is named {name!r}; there is {', '.join(self.columns)}")
        index = self.columns.index(name)
        return tuple(row[index] for row in self.rows)

    @overload
    def __getitem__(self, index: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> Table: ...
    def __getitem__(self, index: int | slice) -> tuple[Any, ...] | Table:
        return Table(self.columns, self.rows[index]) if isinstance(index, slice) else self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and (self.columns, self.rows) == (other.columns, other.rows)

    def __hash__(self) -> int:
        return hash((self.columns, self.rows))

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.columns)}>"

    def __str__(self) -> str:
        cells = [self.columns, *([str(value) for value in row] for row in self.rows[: self.SHOWN])]
        widths = [max(len(row[index]) for row in cells) for index in range(len(self.columns))]
        numeric = [all(isinstance(row[index], int | float) for row in self.rows) for index in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.rjust(width) if right and self.rows else cell.ljust(width)
                for cell, width, right in zip(row, widths, numeric, strict=True)
            ).rstrip()
            for row in cells
        ]
        if len(self) > self.SHOWN:
            lines.append(f"... {len(self) - self.SHOWN} more of {len(self)}")
        return "\n".join(lines)
