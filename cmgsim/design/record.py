"""What every table of a design, plan or scenario has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class Record(BaseModel):
    """A frozen group of named values; an unknown name is a fault, and the docstrings become the editor's hover text.

    Validators are built when they are first used, and docstrings are read when a schema is asked for: a command that
    loads one design waits for neither of the other kinds of file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe each field by the docstring below it."""
        written = handler(core_schema)
        properties = handler.resolve_ref_schema(written).get("properties", {})
        for name, meaning in meanings(cls).items():
            shown = properties.get(cls.model_fields[name].alias or name)
            if shown is not None:
                shown["description"] = meaning
        return written


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings below the fields of a model, by the fields' names."""
    import ast
    import inspect
    import textwrap
    from itertools import pairwise

    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if not issubclass(kind, Record) or kind is Record:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        assert isinstance(body, ast.ClassDef)
        for field, below in pairwise(body.body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    if name in model.model_fields:
                        found[name] = inspect.cleandoc(text)
    return found
