"""Faults: every one of a file at once, in plain words, at its line and column."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from cmgsim.design.document import Document, parse_document
from cmgsim.design.faults import RULES, validate
from cmgsim.design.findings import Finding
from cmgsim.design.quantities import Duration, Name, Share, Size, Subnet
from cmgsim.design.references import Reference

HERE = Path("harbour.design.yaml")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Sail(Strict):
    kind: Literal["sail"]
    area: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Motor(Strict):
    kind: Literal["motor", "diesel"]
    power: int = 1
    sail: str = ""


Drive = Annotated[Sail | Motor, Field(discriminator="kind")]


def by_shape(value: Any) -> str:
    return "many" if isinstance(value, list) else "one"


class Ship(Strict):
    crew: Annotated[int, Field(ge=1, le=16)]
    watch: Duration
    drive: Drive | None = None
    colour: Colour = Colour.RED
    flag: Literal["nl", "dk", "se"] = "nl"
    afloat: bool = True
    name: Annotated[str, Field(min_length=2, max_length=9, pattern="^[A-Z]")] = "Ship"
    ports: Annotated[list[Annotated[int, Field(multiple_of=5)]], Field(min_length=1, max_length=3)] = [5]
    load: Annotated[Share, Field(le=500_000)] = 0
    cargo: Size | Literal["none"] = "none"
    patience: Duration | Literal["never"] = "never"
    captain: Annotated[Name, Reference("people")] | None = None
    crew_names: frozenset[Annotated[Name, Reference("people")]] = frozenset()
    at_most: Share | Annotated[int, Field(ge=0)] | None = None
    engine: Sail | int | None = None
    boats: Annotated[Annotated[int, Tag("one")] | Annotated[list[int], Tag("many")], Discriminator(by_shape)] = 0
    pair: tuple[int, Duration] | None = None
    rest: None = None

    @model_validator(mode="after")
    def _sailing(self) -> Ship:
        if self.afloat and self.crew == 13:
            raise ValueError("no ship sails with 13: write 12 or 14")
        return self


class Harbour(Strict):
    name: str
    ships: dict[Name, Ship] = {}
    people: dict[Name, int] = {}
    boundaries: dict[Name, Subnet] = {}
    free: Any = None


def judged(text: str) -> list[Finding]:
    model, findings = validate(Harbour, parse_document(text, HERE))
    assert (model is None) == bool(findings.errors)
    return list(findings)


def the_fault(ship: str) -> Finding:
    """Return the one fault of a ship that is otherwise sound."""
    sound = {"crew": "crew: 2", "watch": "watch: 4h"}
    missing = [line for key, line in sound.items() if key + ":" not in ship]
    (finding,) = judged("name: x\nships:\n  anna: {" + ", ".join([*missing, ship]) + "}\n")
    return finding


def test_a_sound_file_gives_a_model_and_no_findings() -> None:
    model, findings = validate(Harbour, parse_document("name: x\nships: {a: {crew: 2, watch: 4h}}", HERE))
    assert model is not None
    assert model.ships["a"].crew == 2
    assert not findings


TEN_FAULTS = """\
nane: Hamburg
ships:
  anna:
    crew: 17
    watch: 24
    flag: dk
    flag: nl
    colur: red
  "b ob":
    crew: two
    watch: 4h
    drive: {kind: sial, area: 5}
  carl: {watch: 4h}
boundaries:
  home: !net 10.1.0.0/16
"""


def test_ten_faults_are_ten_frames_at_their_places() -> None:
    _, findings = validate(Harbour, parse_document(TEN_FAULTS, HERE))
    assert [(found.rule, found.mark and found.mark[:2], found.where) for found in findings] == [
        ("CMG003", (1, 1), "nane"),
        ("CMG004", (4, 11), "ships.anna.crew"),
        ("CMG007", (5, 12), "ships.anna.watch"),
        ("CMG002", (7, 5), "ships.anna.flag"),
        ("CMG003", (8, 5), "ships.anna.colur"),
        ("CMG009", (9, 3), "ships.b ob"),
        ("CMG004", (10, 11), "ships.b ob.crew"),
        ("CMG004", (12, 19), "ships.b ob.drive.kind"),
        ("CMG005", (13, 3), "ships.carl.crew"),
        ("CMG006", (15, 9), "boundaries.home"),
    ]
    assert str(findings).count("\n\n") == len(findings) - 1
    assert all(found.remedy for found in findings)


@pytest.mark.parametrize(
    ("ship", "rule", "message", "remedy"),
    [
        ("crew: 0", "CMG004", "'crew' must be at least 1, not 0", "write 1 or more"),
        ("crew: 17", "CMG004", "'crew' must be at most 16, not 17", "write 16 or less"),
        ("crew: two", "CMG004", "'crew' must be a whole number, not 'two'", "write digits alone, such as 2"),
        ("crew: 2.5", "CMG004", "'crew' must be a whole number, not 2.5", "write digits alone, such as 2"),
        ("crew: [2]", "CMG004", "'crew' must be a whole number, not a list", "write digits alone, such as 2"),
        ("crew: ", "CMG004", "'crew' has no value", "write one after the ':', or remove the line"),
        ("crew: 13", "CMG004", "no ship sails with 13", "write 12 or 14"),
        ("watch: 24", "CMG007", "a duration needs a unit", "write '24s', '24min', '24h' or '24d'"),
        ("watch: 4 parsecs", "CMG004", "'4 parsecs' has the unknown unit 'parsecs'", "use ms, s, min, h, d or w"),
        ("watch: [4h]", "CMG004", "this is no duration", "write it like '24h'"),
        ("colour: geen", "CMG004", "'colour' cannot be 'geen'", "did you mean 'green'?"),
        ("flag: 5", "CMG004", "'flag' cannot be 5", "write one of nl, dk, se"),
        ("afloat: maybe", "CMG004", "'afloat' must be true or false, not 'maybe'", "write true or false"),
        ("name: 007", "CMG004", "'name' must be text, not 007", "put it in quotes: '007'"),
        ("name: true", "CMG004", "'name' must be text, not true", "put it in quotes: 'true'"),
        ("name: {a: 1}", "CMG004", "'name' must be text, not a mapping", "write one text"),
        ("name: A", "CMG004", "'name' must have at least 2 letters", "write at least 2 letters"),
        ("name: Aaaaaaaaaaaa", "CMG004", "'name' must have at most 9 letters", "write at most 9 letters"),
        ("name: anna", "CMG004", "'name' cannot be 'anna'", "write what matches ^[A-Z]"),
        (
            "ports: 5",
            "CMG004",
            "'ports' must be a list, not 5",
            "write it as '[a, b]', or as lines that begin with '- '",
        ),
        ("ports: []", "CMG004", "'ports' must have at least 1 entry", "write at least 1 entry"),
        ("ports: [5, 5, 5, 5]", "CMG004", "'ports' must have at most 3 entries", "write at most 3 entries"),
        ("ports: [5, 7]", "CMG004", "'ports[1]' must be a multiple of 5, not 7", "write a multiple of 5"),
        ("load: 70%", "CMG004", "'load' must be at most 50%, not '70%'", "write 50% or less"),
        ("cargo: 5", "CMG007", "a size needs a unit", "write '5 MB', '5 GB' or '5 GiB'"),
        (
            "patience: newer",
            "CMG004",
            "'patience' cannot be 'newer'",
            "did you mean 'never'?",
        ),
        (
            "patience: x",
            "CMG004",
            "'patience' cannot be 'x'",
            "write it like '24h', '1d 12h' or '90s', or write never",
        ),
        ("at_most: -1", "CMG004", "'at_most' must be at least 0, not -1", "write 0 or more"),
        ("engine: {kind: sail}", "CMG005", "the key 'area' is missing", "add 'area: ...' below 'ships.anna.engine'"),
        ("drive: {kind: sail, area: 0}", "CMG004", "'area' must be more than 0, not 0", "write more than 0"),
        (
            "drive: {kind: sail, area: .inf}",
            "CMG004",
            "'area' must be a finite number, not .inf",
            "write a number, such as 1.5",
        ),
        ("drive: {kind: dieesl}", "CMG004", "'kind' cannot be 'dieesl'", "did you mean 'diesel'?"),
        ("drive: {power: 3}", "CMG005", "the key 'kind' is missing", "add it: it says what kind 'drive' is of"),
        ("drive: fast", "CMG004", "'drive' must be a mapping, not 'fast'", "write 'key: value' lines below it"),
        ("drive: {kind: diesel, powr: 3}", "CMG003", "unknown key 'powr'", "did you mean 'power'?"),
        ("boats: [1, x]", "CMG004", "'boats[1]' must be a whole number, not 'x'", "write digits alone, such as 2"),
        ("pair: [1, 2]", "CMG007", "a duration needs a unit", "write '2s', '2min', '2h' or '2d'"),
        ("rest: 5", "CMG004", "'rest' must be left empty, not 5", "remove the value"),
        ("captain: 7", "CMG009", "'captain' must be a name, not 7", "put it in quotes: '7'"),
        (
            "captain: a b",
            "CMG009",
            "'a b' is no name",
            "use letters, digits, '_', '.' and '-', first a letter or digit, at most 64",
        ),
        ("xyz: 1", "CMG003", "unknown key 'xyz'", None),
    ],
)
def test_every_fault_in_plain_words(ship: str, rule: str, message: str, remedy: str | None) -> None:
    finding = the_fault(ship)
    assert (finding.rule, finding.message) == (rule, message)
    assert remedy is None or finding.remedy == remedy
    assert finding.remedy


def test_a_misspelt_key_is_one_fault_even_if_the_right_one_is_needed() -> None:
    (finding,) = judged("name: x\nships: {a: {crw: 2, watch: 4h}}")
    assert (finding.message, finding.remedy) == ("unknown key 'crw'", "did you mean 'crew'?")


def test_a_key_missing_at_the_top_is_shown_at_the_top() -> None:
    (finding,) = judged("people: {}\n")
    assert (finding.remedy, finding.mark and finding.mark[:2]) == ("add 'name: ...' at the top of the file", (1, 1))


def test_the_example_for_a_missing_quantity_is_one() -> None:
    (finding,) = judged("name: x\nships:\n  a:\n    crew: 2\n")
    assert finding.remedy == "add 'watch: 24h' below 'ships.a'"
    assert finding.mark == (3, 3, 3, 4)


class TestPlaces:
    def test_a_tag_that_is_also_a_key_does_not_lead_astray(self) -> None:
        # "sail" is a tag of the union, and Motor has a key of that name
        (finding,) = judged("name: x\nships: {a: {crew: 2, watch: 4h, drive: {kind: motor, sail: 5, power: x}}}")[1:]
        assert finding.where == "ships.a.drive.power"
        (finding,) = judged("name: x\nships: {a: {crew: 2, watch: 4h, drive: {kind: sail, area: x}}}")
        assert finding.where == "ships.a.drive.area"

    def test_root_models_are_no_part_of_the_path(self) -> None:
        (finding,) = judged("name: x\nboundaries: {hq: 10.1.0.5/16}")
        assert (finding.where, finding.remedy) == ("boundaries.hq", "write '10.1.0.0/16'")
        assert finding.mark == (2, 18, 2, 29)

    def test_a_fault_in_an_anchor_is_shown_once_where_it_is_written(self) -> None:
        (finding,) = judged("name: x\nships:\n  a: &a {crew: 0, watch: 4h}\n  b: *a\n  c: {<<: *a, watch: 5h}\n")
        assert finding.mark == (3, 16, 3, 17)

    def test_a_top_level_that_is_wrong_all_over(self) -> None:
        findings = judged("a: 1\nb: 2\n")
        assert [finding.message for finding in findings] == [
            "unknown key 'a'",
            "the key 'name' is missing",
            "unknown key 'b'",
        ]


class TestReferences:
    TEXT = (
        "name: x\npeople: {anna: 1, bob: 2}\nships:\n  s: {crew: 2, watch: 4h, captain: ana, crew_names: [bob, carl]}\n"
    )

    def test_a_name_that_nothing_carries(self) -> None:
        first, second = judged(self.TEXT)
        assert (first.rule, first.message) == ("CMG008", "'ana' is none of the names in 'people'")
        assert (first.remedy, first.mark) == ("did you mean 'anna'?", (4, 36, 4, 39))
        assert (second.where, second.mark) == ("ships.s.crew_names[1]", (4, 59, 4, 63))

    def test_names_of_another_root(self) -> None:
        class Order(Strict):
            captain: Annotated[Name, Reference("people")]

        document = parse_document("captain: ana", HERE)
        harbour = Harbour(name="x", people={"anna": 1})
        assert validate(Order, document)[0] == Order(captain="ana")
        assert [found.rule for found in validate(Order, document, harbour)[1]] == ["CMG008"]

    def test_names_may_be_looked_up_later(self) -> None:
        model, findings = validate(Harbour, parse_document(self.TEXT, HERE), references_later=True)
        assert model is not None
        assert not findings

    def test_an_empty_table_says_so(self) -> None:
        (finding,) = judged("name: x\nships: {s: {crew: 2, watch: 4h, captain: ana}}")
        assert finding.remedy == "add it below 'people': there are no people"


def test_every_rule_has_its_meaning() -> None:
    assert list(RULES) == [f"CMG00{number}" for number in range(1, 10)]


def test_changed_data_is_judged_by_what_it_now_is() -> None:
    document = parse_document("name: x\nships: {a: {crew: 2, watch: 4h}}", HERE)
    document.data["ships"]["a"]["crew"] = 99
    (finding,) = validate(Harbour, document)[1]
    assert finding.message == "'crew' must be at most 16, not 99"


YAML_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["4h", "70%", "sail", "none", "a b", "", "12"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*Ship.model_fields, "kind", "x y"]), inner)
    ),
    max_leaves=10,
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict | list):
        for part, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, part))


@given(st.dictionaries(st.sampled_from([*Ship.model_fields, "crewe"]), YAML_VALUES))
def test_any_data_is_taken_or_explained(ship: dict[str, object]) -> None:
    text = yaml.safe_dump({"name": "x", "ships": {"a": ship}})
    document: Document = parse_document(text, HERE)
    model, findings = validate(Harbour, document)
    assert (model is None) == bool(findings)
    for finding in findings:
        assert finding.mark is not None
        assert finding.rule in RULES
        assert "Input should" not in finding.message
    assert str(findings).count("error[") >= len(findings)


def test_a_large_file_full_of_faults_is_explained_whole() -> None:
    text = "name: x\nships:\n" + "".join(f"  s{n}:\n    crew: 0\n    watch: 5\n    flagg: nl\n" for n in range(300))
    document = parse_document(text, HERE)
    _, findings = validate(Harbour, document)
    assert len(findings) == 900
