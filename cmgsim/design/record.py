"""What every table of a design, plan or scenario has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen group of named values; an unknown name is a fault, and the docstrings become the editor's hover text."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
