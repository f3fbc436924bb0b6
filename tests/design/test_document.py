"""Documents: what is read, what is refused, and where everything stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design import core_yaml
from cmgsim.design.core_yaml import MOST_NODES, read_scalar
from cmgsim.design.document import LARGEST_FILE, Mark, parse_document, read_document
from cmgsim.errors import UnreadableFile

HERE = Path("contoso.design.yaml")


def data(text: str) -> dict[str, object]:
    document = parse_document(text, HERE)
    assert document.findings == ()
    return document.data


def rules(text: str) -> list[tuple[str, int, int]]:
    findings = parse_document(text, HERE).findings
    return [(finding.rule, finding.mark.line, finding.mark.column) for finding in findings if finding.mark]


def refusal(text: str) -> str:
    with pytest.raises(UnreadableFile) as caught:
        parse_document(text, HERE)
    return str(caught.value)


class TestScalars:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("12:30", "12:30"),
            ("no", "no"),
            ("on", "on"),
            ("2019-07-29", "2019-07-29"),
            ("1_000", "1_000"),
            ("1906", 1906),
            ("-5", -5),
            ("007", 7),
            ("0x1F", 31),
            ("0o17", 15),
            ("1.5e3", 1500.0),
            (".5", 0.5),
            ("-.inf", float("-inf")),
            ("true", True),
            ("FALSE", False),
            ("~", None),
            ("null", None),
            ("", None),
            ("10.1.0.0/16", "10.1.0.0/16"),
            ("'1906'", "1906"),
            ('"true"', "true"),
            ("<<", "<<"),
            ("9" * 5000, "9" * 5000),
        ],
    )
    def test_plain_scalars_follow_the_core_schema_of_yaml_1_2(self, written: str, read: object) -> None:
        value = data(f"key: {written}")["key"]
        assert (value, type(value)) == (read, type(read))

    def test_read_scalar_agrees_with_the_loader(self) -> None:
        for text in ("001", "no", "1.5", "true", "~", "12:30", "0x10"):
            assert read_scalar(text) == data(f"key: {text}")["key"]

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abcxyz01 :-#é日'\"", max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcd", min_size=1), inner, max_size=3),
            max_leaves=12,
        )
    )
    def test_what_pyyaml_writes_comes_back(self, value: object) -> None:
        text = yaml.safe_dump({"key": value}, allow_unicode=True)
        assert data(text) == {"key": value}

    def test_json_is_yaml(self) -> None:
        assert data('{"a": [1, 2.5, null, true], "b": {"c": "x"}}') == {"a": [1, 2.5, None, True], "b": {"c": "x"}}


class TestMarks:
    TEXT = "name: Contoso\ngateways:\n  east: {vms: 2}\n  west:\n    vms:\n    ports:\n      - 443\n"

    def test_every_key_and_value_has_its_place(self) -> None:
        document = parse_document(self.TEXT, HERE)
        assert document.marks["name",] == Mark(1, 7, 1, 14)
        assert document.marks["gateways", "east", "vms"] == Mark(3, 15, 3, 16)
        assert document.key_marks["gateways", "east", "vms"] == Mark(3, 10, 3, 13)
        assert document.marks["gateways", "west", "ports", 0] == Mark(7, 9, 7, 12)
        assert document.value(("gateways", "east", "vms")) == 2
        assert document.source(("name",)) == "Contoso"

    def test_a_key_without_value_is_shown_by_the_key(self) -> None:
        document = parse_document(self.TEXT, HERE)
        assert document.marks["gateways", "west", "vms"] == Mark(5, 5, 5, 8)

    def test_locate_skips_what_is_not_in_the_document(self) -> None:
        document = parse_document(self.TEXT, HERE)
        assert document.locate(("gateways", "Gateway", "east", "vms", "int")) == Mark(3, 15, 3, 16)
        assert document.locate(("gateways", "east", "region")) == document.marks["gateways", "east"]
        assert document.locate_key(("gateways", "east", "region")) == Mark(3, 3, 3, 7)
        assert document.locate_key(("gateways", "west", "ports", 0)) == Mark(7, 9, 7, 12)
        assert document.locate(()) == document.marks[()]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
    def test_lines_are_counted_as_yaml_counts_them(self, end: str) -> None:
        document = parse_document(f"a: 1{end}b: é日本{end}c: 3{end}", HERE)
        assert document.lines == ("a: 1", "b: é日本", "c: 3")
        assert document.marks["c",].line == 3
        assert document.source(("b",)) == "é日本"


class TestFindings:
    def test_a_duplicate_key_names_the_line_of_the_first(self) -> None:
        document = parse_document("a: 1\nb: 2\na: 3\n", HERE)
        (finding,) = document.findings
        assert (finding.rule, finding.path, finding.mark) == ("CMG002", ("a",), Mark(3, 1, 3, 2))
        assert "line 1" in finding.message
        assert document.data == {"a": 1, "b": 2}

    def test_keys_that_are_not_text_are_found_and_kept_as_text(self) -> None:
        document = parse_document("1906: a\ntrue: b\n? [x]\n: c\n", HERE)
        assert [finding.rule for finding in document.findings] == ["CMG009"] * 3
        assert document.data == {"1906": "a", "true": "b"}
        assert document.findings[0].remedy == "put it in quotes: '1906'"

    def test_words_that_yaml_1_1_took_for_booleans_are_names(self) -> None:
        assert data("on: 1\nno: 2\ny: 3") == {"on": 1, "no": 2, "y": 3}

    @pytest.mark.parametrize("tag", ["!x", "!!python/object/apply:os.system", "!!binary", "!!timestamp", "!!set"])
    def test_tags_are_refused_and_nothing_is_made_of_them(self, tag: str) -> None:
        assert rules(f"key: {tag} x") == [("CMG006", 1, 6)]
        assert rules(f"key: {tag} {{a: 1}}") == [("CMG006", 1, 6)]
        assert parse_document(f"key: {tag} x", HERE).data == {"key": "x"}

    def test_core_tags_say_what_a_scalar_is(self) -> None:
        assert data("key: !!str 5") == {"key": "5"}
        assert rules("key: !!int five") == [("CMG006", 1, 6)]

    def test_a_fault_in_an_anchored_mapping_is_found_once(self) -> None:
        assert rules("a: &x {k: 1, k: 2}\nb: *x\nc: *x\n") == [("CMG002", 1, 14)]


class TestAliases:
    def test_aliases_and_merge_keys(self) -> None:
        text = "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\none: *base\ntwo: {<<: [*base, *more], a: 9}\n"
        document = parse_document(text, HERE)
        assert document.data["one"] == {"a": 1, "b": 2}
        assert document.data["two"] == {"a": 9, "b": 2, "c": 4}
        assert document.marks["two", "c"] == document.marks["more", "c"]

    def test_copies_of_an_anchor_are_apart(self) -> None:
        read = parse_document("a: &x [1]\nb: *x\n", HERE).data
        read["a"].append(2)
        assert read["b"] == [1]

    def test_merging_what_is_no_mapping_is_a_finding(self) -> None:
        assert rules("a: &x [1]\nb: {<<: 5}") == [("CMG004", 2, 9)]

    @pytest.mark.parametrize("level", ["[ALIASES]", "{k: [ALIASES]}", "{<<: [ALIASES]}"])
    def test_bombs_are_refused_at_once(self, level: str) -> None:
        lines = ["a0: &a0 {}"]
        for depth in range(1, 15):
            aliases = ",".join([f"*a{depth - 1}"] * 9)
            lines.append(f"a{depth}: &a{depth} {level.replace('ALIASES', aliases)}")
        # Written out, the aliases would stand for 9 ** 14 values: an answer at all is an answer at once.
        assert f"{MOST_NODES:,}" in refusal("\n".join(lines))

    @pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}"])
    def test_anchors_that_hold_themselves_are_refused(self, text: str) -> None:
        assert "levels deep" in refusal(text)


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "there is nothing in it"),
            ("\n# only a comment\n", "there is nothing in it"),
            ("- 1\n- 2\n", "its top level is a list"),
            ("just text", "its top level is text"),
            ("---\n", "its top level is empty"),
            ("a: 1\n---\nb: 2\n", "a second document begins in line 2"),
            ("a: [1,\nb: 2", "not YAML at 3:1"),
            ("a: b: c", "not YAML at 1:5: mapping values are not allowed"),
            ("a: *nobody", "not YAML at 1:4: found undefined alias"),
            ("a: 1\n\tb: 2", "use blanks, not tabs, to indent"),
            ("a: 1\nb: \x07", "line 2 holds the control character U+0007"),
            ("a: \udc80", "surrogate"),
            ("[" * 100_000, "levels deep"),
            ("{a: " * 100_000, "levels deep"),
            ("\n".join(" " * depth + "a:" for depth in range(2000)), "levels deep"),
            ("a: [\n" + "x,\n" * (MOST_NODES + 1) + "]", f"more than {MOST_NODES:,} keys and values"),
        ],
    )
    def test_text_that_is_no_document(self, text: str, reason: str) -> None:
        message = refusal(text)
        assert reason in message
        assert message.startswith("contoso.design.yaml: ")
        assert "; " in message
        assert "\n" not in message

    @given(st.text(max_size=60) | st.text("ab:[]{}&*!<>-'\"\n #|%@,?", max_size=40))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        refused = []
        try:
            document = parse_document(text, HERE)
            assert isinstance(document.data, dict)
            assert all(isinstance(document.source(path), str) for path in document.marks)
        except UnreadableFile as error:
            refused = str(error).splitlines()
        assert len(refused) <= 1


class TestFiles:
    def unreadable(self, path: Path) -> str:
        with pytest.raises(UnreadableFile) as caught:
            read_document(path)
        assert str(caught.value).startswith(f"{path}: ")
        return str(caught.value)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"a: \x00", "it is binary"),
            (b"a: 1\nb: \xff\xfa", "line 2 is not UTF-8"),
            ("a: 1".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
            ("a: 1".encode("utf-16-be"), "it is binary"),
            (b"", "there is nothing in it"),
            (b"# comment", "there is nothing in it"),
        ],
    )
    def test_content_that_is_no_text(self, tmp_path: Path, content: bytes, reason: str) -> None:
        path = tmp_path / "x.design.yaml"
        path.write_bytes(content)
        assert reason in self.unreadable(path)

    def test_a_byte_order_mark_of_utf_8_is_no_matter(self, tmp_path: Path) -> None:
        path = tmp_path / "x.design.yaml"
        path.write_bytes("name: Zürich\r\n".encode("utf-8-sig"))
        document = read_document(path)
        assert document.data == {"name": "Zürich"}
        assert document.key_marks["name",] == Mark(1, 1, 1, 5)

    def test_a_missing_file_with_a_near_name(self, tmp_path: Path) -> None:
        (tmp_path / "contoso.design.yaml").write_text("a: 1")
        assert "did you mean 'contoso.design.yaml'?" in self.unreadable(tmp_path / "contosso.design.yaml")
        assert "there is no such file; check the path" in self.unreadable(tmp_path / "no" / "where.yaml")

    def test_directories_pipes_and_bad_names(self, tmp_path: Path) -> None:
        assert "directory" in self.unreadable(tmp_path)
        assert "cannot be read" in self.unreadable(tmp_path / ("x" * 5000))
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no named pipes")
        os.mkfifo(tmp_path / "pipe")
        assert "no regular file" in self.unreadable(tmp_path / "pipe")

    def test_a_path_with_a_nul(self) -> None:
        with pytest.raises(UnreadableFile, match="cannot be read"):
            read_document(Path("a\0b"))

    def test_a_file_without_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "x.design.yaml"
        path.write_text("a: 1")

        def deny(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", deny)  # not by chmod: the tests may run as root
        assert "not permitted" in self.unreadable(path)

    def test_a_huge_file_is_refused_unread(self, tmp_path: Path) -> None:
        path = tmp_path / "x.design.yaml"
        with path.open("wb") as file:
            file.truncate(100_000_000)
        assert "100.0 MB" in self.unreadable(path)
        assert LARGEST_FILE < 100_000_000


def big_design() -> str:
    group = "  g{0}:\n    boundaries: [10.{0}.0.0/16]\n    references:\n      - mp{0}\n    fallback:\n      hq: 2h\n"
    more = "    assigned: true\n    number: {0}\n    text: 'abc'\n    time: 12:30\n    a: b\n    c: d\n"
    return "boundary_groups:\n" + "".join((group + more).format(number) for number in range(200))


def test_a_design_of_2400_lines_is_read_whole() -> None:
    text = big_design()
    assert len(text.splitlines()) == 2401
    assert len(parse_document(text, HERE).data["boundary_groups"]) == 200


def test_the_loader_in_pure_python_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x {t: 12:30, n: 007, on: no}\nb: {<<: *x, f: 1.5}\nc:\n- ~\n- [x, 'y']\nc: 1\nd: !x 1\n"
    fast = parse_document(text, HERE)
    pure = type("Pure", (core_yaml.Bounds, yaml.SafeLoader), {})
    pure.yaml_implicit_resolvers = core_yaml.CoreLoader.yaml_implicit_resolvers
    monkeypatch.setattr(core_yaml, "CoreLoader", pure)
    slow = parse_document(text, HERE)
    assert (slow.data, slow.marks, slow.key_marks) == (fast.data, fast.marks, fast.key_marks)
    assert slow.findings == fast.findings
    for bad in ("a: 1\n---\nb: 2", "[" * 5000, "a: \x07", "a: *b", "a: [1"):
        assert refusal(bad)
