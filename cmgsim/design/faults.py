"""All faults of a file at once, in plain words and at their places.

Rules of this file: CMG002 duplicate key, CMG003 unknown key, CMG004 wrong value, CMG005 missing key, CMG006 tag, CMG007
number without its unit, CMG008 name that nothing carries, CMG009 name that is not written like one.
CMG001, an unreadable file, is the exception :class:`~cmgsim.errors.UnreadableFile`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cmgsim.design.certificate_files import with_certificate_files
from cmgsim.design.core_yaml import read_scalar
from cmgsim.design.document import Document, Mark, kind_of
from cmgsim.design.findings import Finding, Findings, Loc, Severity, dotted
from cmgsim.design.places import Place, find_place
from cmgsim.design.quantities import BAD_QUANTITY, BARE_NUMBER, NOT_A_NAME
from cmgsim.design.references import BrokenReference, broken_references
from cmgsim.errors import nearest

Model = TypeVar("Model", bound=BaseModel)

#: What each rule of this file means, in the order of their numbers.
RULES: Mapping[str, str] = {
    "CMG001": "the file cannot be read",
    "CMG002": "a key is written twice",
    "CMG003": "a key is unknown",
    "CMG004": "a value is wrong",
    "CMG005": "a key is missing",
    "CMG006": "a YAML tag is not taken",
    "CMG007": "a number lacks its unit",
    "CMG008": "a name is carried by nothing",
    "CMG009": "a name is not written like one",
}
_LONGEST_SHOWN = 40
_REMEDY = re.compile(r"(?:: |; )(?=write |use |give |did you mean|there is )")


def validate(
    model_class: type[Model],
    document: Document,
    root: BaseModel | None = None,
    *,
    references_later: bool = False,
) -> tuple[Model | None, Findings]:
    """Judge a document by a model, and return the model with what was found.

    The model is None exactly if there are errors; then the findings hold every one of them. Names are looked up in the
    tables of *root* (of the model itself without one), once everything has its right shape; not at all if that is left
    for later. Certificate files that a design names are read first.
    """
    if "certificates" in model_class.model_fields:
        document = with_certificate_files(document)
    model, findings = None, list(document.findings)
    try:
        model = model_class.model_validate(document.data)
    except ValidationError as error:
        findings += explain_errors(error, model_class, document)
    if model is not None and not references_later:
        findings += explain_references(broken_references(model, root), document)
    found = Findings(_first_of_each(findings), {document.path: document.lines})
    return (None if found.errors else model), found


def explain_errors(error: ValidationError, model_class: type[BaseModel], document: Document) -> list[Finding]:
    """Turn each error of pydantic into a finding with its place in the document."""
    faults = [_fault(detail, model_class, document) for detail in error.errors(include_url=False)]
    kept = _without_echoes(_settle_choices(faults))
    return [fault.finding() for fault in kept]


def _fault(detail: ErrorDetails, model_class: type[BaseModel], document: Document) -> _Fault:
    place, context = find_place(model_class, detail["loc"], document), detail.get("ctx", {})
    if detail["type"] == "union_tag_invalid":
        key = (*place.path, str(context["discriminator"]).strip("'"))
        place = replace(place, path=key if key in document.marks else place.path)
    return _Fault(detail["type"], place, context, detail["msg"], detail["input"], document)


def explain_references(broken: Iterable[BrokenReference], document: Document) -> list[Finding]:
    """Turn names that nothing carries into findings."""
    return [_broken(reference, document) for reference in broken]


@dataclass(frozen=True)
class _Fault:
    """One error of pydantic with all that is needed to explain it."""

    kind: str
    place: Place
    context: dict[str, Any]
    text: str
    value: Any
    document: Document

    @property
    def path(self) -> Loc:
        return self.place.path

    @property
    def name(self) -> str:
        """What to call the value: its key, with its position if it is in a list."""
        named = [index for index, part in enumerate(self.path) if isinstance(part, str)]
        return repr(dotted(self.path[named[-1] :])) if named else "the file"

    @property
    def written(self) -> Any:
        """The value as the document has it."""
        try:
            return self.document.value(self.path)
        except LookupError:
            return self.value

    @property
    def shown(self) -> str:
        """The value in a message: short, on one line."""
        value = self.written
        if isinstance(value, dict | list):
            return kind_of(value)
        text = repr(value) if isinstance(value, str) else self._number_as_written(value)
        return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."

    def _number_as_written(self, value: Any) -> str:
        """Return a number as the file spells it, such as 001; as YAML would if the value is not that of the file."""
        source = self.document.source(self.path) if self.path in self.document.marks else ""
        return source if source and read_scalar(source) == value else json.dumps(value, default=str)

    def finding(self) -> Finding:
        rule, message, remedy = self._explained()
        return _finding(rule, message, remedy, self.path, self._mark(rule), self.document)

    def _explained(self) -> tuple[str, str, str]:
        if self.path in self.document.marks and self.written is None and self.kind not in _ABOUT_KEYS:
            return "CMG004", f"{self.name} has no value", "write one after the ':', or remove the line"
        if self.kind in _EXPLANATIONS:
            return _EXPLANATIONS[self.kind](self)
        message, _, remedy = self.text.removeprefix("Input ").removeprefix("should ").partition("; ")
        return "CMG004", f"{self.name} is {self.shown}; it should {message}", remedy or "correct the value"

    def _mark(self, rule: str) -> Mark:
        if self.place.on_key or rule in {"CMG003", "CMG005"}:
            return self.document.locate_key(self.path if rule != "CMG005" else self.path[:-1])
        return self.document.locate(self.path)


Explanation = tuple[str, str, str]
_Explain = Callable[[_Fault], Explanation]


def _unknown_key(fault: _Fault) -> Explanation:
    key = str(fault.path[-1])
    keys = fault.place.siblings
    return "CMG003", f"unknown key {key!r}", nearest(key, keys).removeprefix("; ") if keys else "remove it"


def _missing_key(fault: _Fault) -> Explanation:
    key, parent = fault.path[-1], dotted(fault.path[:-1])
    quantity = fault.place.quantity
    example = quantity.examples[0] if quantity and quantity.fault == BAD_QUANTITY else "..."
    below = f" below {parent!r}" if parent else " at the top of the file"
    return "CMG005", f"the key {key!r} is missing", f"add '{key}: {example}'{below}"


def _name(fault: _Fault) -> Explanation:
    if isinstance(fault.written, str) or fault.place.on_key:
        return _own_words("CMG009")(fault)
    quotes = isinstance(fault.written, int | float)
    remedy = f"put it in quotes: '{fault.shown}'" if quotes else "write one name"
    return "CMG009", f"{fault.name} must be a name, not {fault.shown}", remedy


def _own_words(rule: str) -> _Explain:
    """Explain by the words of the validator, which end in the remedy."""

    def explain(fault: _Fault) -> Explanation:
        reason = str(fault.context.get("reason") or fault.context.get("error") or fault.text)
        parts = _REMEDY.split(reason.removeprefix("Value error, ").removeprefix("Assertion failed, "), maxsplit=1)
        return rule, parts[0], parts[1] if len(parts) > 1 else ""

    return explain


def _kind(wanted: str, remedy: str) -> _Explain:
    def explain(fault: _Fault) -> Explanation:
        return "CMG004", f"{fault.name} must be {wanted}, not {fault.shown}", remedy

    return explain


def _text(fault: _Fault) -> Explanation:
    if isinstance(fault.written, dict | list):
        return "CMG004", f"{fault.name} must be text, not {fault.shown}", "write one text"
    return "CMG004", f"{fault.name} must be text, not {fault.shown}", f"put it in quotes: '{fault.shown}'"


def _choice(fault: _Fault) -> Explanation:
    expected = str(fault.context["expected"])
    choices = re.findall(r"'([^']*)'", expected) or re.split(r", | or ", expected)
    return "CMG004", f"{fault.name} cannot be {fault.shown}", _one_of(choices, fault.written)


def _one_of(choices: list[str], value: Any) -> str:
    close = [] if choices[0].isdecimal() else get_close_matches(str(value), choices, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"write {choices[0]}" if len(choices) == 1 else f"write one of {', '.join(choices)}"


def _wrong_tag(fault: _Fault) -> Explanation:
    choices = re.findall(r"'([^']*)'", str(fault.context["expected_tags"]))
    return "CMG004", f"{fault.name} cannot be {fault.context['tag']!r}", _one_of(choices, fault.context["tag"])


def _no_tag(fault: _Fault) -> Explanation:
    key = str(fault.context["discriminator"]).strip("'")
    return "CMG005", f"the key {key!r} is missing", f"add it: it says what kind {fault.name} is of"


def _bound(words: str, name: str, remedy: str) -> _Explain:
    def explain(fault: _Fault) -> Explanation:
        bound = _limit(fault, name)
        return "CMG004", f"{fault.name} must be {words} {bound}, not {fault.shown}", remedy.format(bound)

    return explain


def _limit(fault: _Fault, name: str) -> str:
    """Return a bound in the manner in which the value is written: a percentage for a percentage."""
    bound, quantity = fault.context[name], fault.place.quantity
    if quantity is not None:
        return quantity.write(bound)
    return str(int(bound)) if isinstance(bound, float) and bound.is_integer() else str(bound)


def _length(words: str, name: str, one: str, many: str) -> _Explain:
    def explain(fault: _Fault) -> Explanation:
        count = fault.context[name]
        noun = one if count == 1 else many
        return "CMG004", f"{fault.name} must have {words} {count} {noun}", f"write {words} {count} {noun}"

    return explain


def _pattern(fault: _Fault) -> Explanation:
    return "CMG004", f"{fault.name} cannot be {fault.shown}", f"write what matches {fault.context['pattern']}"


_WHOLE = _kind("a whole number", "write digits alone, such as 2")
_NUMBER = _kind("a number", "write a number, such as 1.5")
_TRUTH = _kind("true or false", "write true or false")
_LIST = _kind("a list", "write it as '[a, b]', or as lines that begin with '- '")
_MAPPING = _kind("a mapping", "write 'key: value' lines below it")
_DATE = _kind("a date", "write it like '2019-07-29'")

_EXPLANATIONS: dict[str, _Explain] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    BARE_NUMBER: _own_words("CMG007"),
    BAD_QUANTITY: _own_words("CMG004"),
    NOT_A_NAME: _name,
    "value_error": _own_words("CMG004"),
    "assertion_error": _own_words("CMG004"),
    "string_type": _text,
    "string_unicode": _text,
    "literal_error": _choice,
    "enum": _choice,
    "union_tag_invalid": _wrong_tag,
    "union_tag_not_found": _no_tag,
    "string_pattern_mismatch": _pattern,
    "finite_number": _kind("a finite number", "write a number, such as 1.5"),
    "none_required": _kind("left empty", "remove the value"),
    "greater_than_equal": _bound("at least", "ge", "write {} or more"),
    "greater_than": _bound("more than", "gt", "write more than {}"),
    "less_than_equal": _bound("at most", "le", "write {} or less"),
    "less_than": _bound("less than", "lt", "write less than {}"),
    "multiple_of": _bound("a multiple of", "multiple_of", "write a multiple of {}"),
    "too_short": _length("at least", "min_length", "entry", "entries"),
    "too_long": _length("at most", "max_length", "entry", "entries"),
    "string_too_short": _length("at least", "min_length", "letter", "letters"),
    "string_too_long": _length("at most", "max_length", "letter", "letters"),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _TRUTH),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), _MAPPING),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _DATE),
}
_OF_RIGHT_KIND = {
    *("greater_than_equal", "greater_than", "less_than_equal", "less_than", "multiple_of"),
    *("too_short", "too_long", "string_too_short", "string_too_long"),
}
_ABOUT_KEYS = {"extra_forbidden", "missing", NOT_A_NAME, "value_error", "union_tag_not_found"}


def _settle_choices(faults: list[_Fault]) -> list[_Fault]:
    """Keep, of the faults below one plain union, those of the member that was most likely meant.

    That is a member whose faults lie deeper than the union itself, for then the kind of the value was right; else the
    one that knows what the value lacks; else all are put into one.
    """
    unions: dict[Loc, dict[str, list[_Fault]]] = {}
    kept = []
    for fault in faults:
        if fault.place.choices:
            union, label = fault.place.choices[0]
            unions.setdefault(union, {}).setdefault(label, []).append(fault)
        else:
            kept.append(fault)
    for union, members in unions.items():
        kept += _meant(union, list(members.values()))
    return kept


def _meant(union: Loc, members: list[list[_Fault]]) -> list[_Fault]:
    deeper = [faults for faults in members if all(fault.path != union for fault in faults)]
    if deeper:
        return min(deeper, key=len)
    for telling in (_OF_RIGHT_KIND, {BARE_NUMBER}):
        for faults in members:
            if all(fault.kind in telling for fault in faults):
                return faults
    return [_together([fault for faults in members for fault in faults])]


def _together(faults: list[_Fault]) -> _Fault:
    """Make one fault of several about the same value, whose remedies are alternatives."""
    first = faults[0]
    remedies = [remedy for _, _, remedy in (fault._explained() for fault in faults) if remedy]
    meant = [remedy for remedy in remedies if remedy.startswith("did you mean")]
    advice = ", or ".join(dict.fromkeys(meant or remedies)) or "correct the value"
    reason = f"{first.name} cannot be {first.shown}"
    return _Fault("either", first.place, {"reason": reason, "remedy": advice}, reason, first.value, first.document)


_EXPLANATIONS["either"] = lambda fault: ("CMG004", fault.context["reason"], fault.context["remedy"])


def _without_echoes(faults: list[_Fault]) -> list[_Fault]:
    """Leave out a missing key where an unknown one is a misspelling of it: that is one fault, not two."""
    meant = set()
    for fault in faults:
        if fault.kind == "extra_forbidden":
            missing = [
                str(other.path[-1])
                for other in faults
                if other.kind == "missing" and other.path[:-1] == fault.path[:-1]
            ]
            meant |= {(*fault.path[:-1], key) for key in get_close_matches(str(fault.path[-1]), missing, n=1)}
    return [fault for fault in faults if fault.kind != "missing" or fault.path not in meant]


def _broken(reference: BrokenReference, document: Document) -> Finding:
    table = reference.table.rpartition(".")[2].replace("_", " ")
    hint = nearest(reference.value, reference.known_names).removeprefix("; ")
    path = _as_written(reference, document)
    on_key = bool(path) and path[-1] == reference.value and path in document.key_marks
    mark = document.locate_key(path) if on_key else document.locate(path)
    message = f"{reference.value!r} is none of the names in {reference.table!r}"
    remedy = hint if reference.known_names else f"add it below {reference.table!r}: there are no {table}"
    return _finding("CMG008", message, remedy, path, mark, document)


def _as_written(reference: BrokenReference, document: Document) -> Loc:
    """Return the path of a reference in the document, where the items of sets have the order of the file."""
    parent, loc = reference.loc[:-1], reference.loc
    if loc and isinstance(loc[-1], int) and parent in document.marks:
        items = document.value(parent)
        if isinstance(items, list) and reference.value in items and items[loc[-1] : loc[-1] + 1] != [reference.value]:
            return (*parent, items.index(reference.value))
    return loc


def _finding(rule: str, message: str, remedy: str, path: Loc, mark: Mark, document: Document) -> Finding:
    return Finding(rule, Severity.ERROR, message, path, document.path, mark, remedy)


def _first_of_each(findings: list[Finding]) -> list[Finding]:
    """Leave out repetitions: a fault in an anchored mapping is met once for each alias."""
    seen: dict[tuple[str, str, Mark | None], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, finding.message, finding.mark), finding)
    return list(seen.values())
