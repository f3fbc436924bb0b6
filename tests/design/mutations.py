"""Ways to spoil a file, for tests that nothing in a file can bring the loader down."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

#: Values that somebody, or some other program, might leave behind a colon.
VALUES = [
    "", "~", "null", "true", "no", "0", "-1", "16.5", "1e400", "-.inf", ".nan", "0x1F", "0o17", "12:30", "00:00",
    "99999999999999999999999999", "9" * 400, "9" * 5000, "1e308", "-0", "+1", "1_000", "2019-02-30", "9999-12-31",
    "0001-01-01", "'2019-07-29'", "24h", "-24h", "9e99d", "999999999999d", "0s", "1us", "100.0000001%", "-5%", "50%",
    "5 GB", "99999 PB", "1/s", "UTC+99:99", "UTC-05:00", "10.1.0.0/99", "10.1.0.5/16", "::/0", "1:2:3:4:5:6:7:8:9",
    "[]", "{}", "[[]]", "[1, two, {three: 3}]", "{a: {b: {c: []}}}", "[~]", "{~: ~}", "{[a]: b}", "? [x]\n: y",
    "- -", "'", '"', '"\\ud800"', '"\\0"', '"\\x07"', "'a\n  b'", "|\n  text", ">-\n  text", "%", "@", "`", "!!",
    "!", "&", "*", "!!python/object/apply:os.system [ls]", "!!binary aGVsbG8=", "!!set {a, b}", "!!int x",
    "!custom {a: 1}", "!!timestamp 2019-07-29", "!!float nan", "!!null x", "!!map []", "!!seq {}", "!!str {}", "! 5",
    "!!omap [a: 1]", "*unknown", "&anchor [*anchor]", "&anchor {again: *anchor}", "<<", "&a x", "{<<: [], a: 1}",
    "{<<: {vms: 2}}", "ünïcödé", "名前", "\U0001f6f0\ufe0f", "\u202eabc", "a\u0300" * 50, "\ufeff", "\u2028", "\x85",
    "x" * 5000, "..", "../../etc/passwd", "/dev/null", "/", ".", "CON", "a\tb", "\t", "all", "https", "P01", "east",
    "1906", "2002", "'1906'", "lab", "a.b.c",
]  # fmt: skip
LINES = [
    "---", "...", "%YAML 1.1", "%TAG ! tag:x,2000:", "- item", "key: value", "  key: value", "? complex", ": value",
    "<<: *base", "base: &base {a: 1}", "<<: {cmgsim: 2}", "\tkey: tab", "name: again", "cmgsim: 1",
    "# cmgsim: ignore", "# cmgsim: ignore CMG302 because", "# cmgsim: ignore CMG999=", "expect: [no_lost_clients]",
    "steps: []", "}", "]", "steps: [{wait: 1h}, {wait: 1h, wait: 2h}]",
    "set: {design.gateways.east.vms: 0, plan.x: 1}", "set: {'': 1}", "{", "[", "set: {design: 1}",
    "set: {design.hierarchy.sites: []}", "set: {plan.gap: []}", "plan: none.plan.yaml", "[a, b", "design: .",
    "design: ../designs", "seeds: [1, -1, 9223372036854775808]", "bomb: &a [x, x]", "'unclosed", '"unclosed',
    "file: ../gw.pfx", "file: contoso.design.yaml", "password_file: /etc/passwd", "file: [gw.pfx]", "file: 'a\0b'",
    "certificates: {servers: {gw: {file: 1, issuer: []}}}", "client_certificates: {expires: 1}", "revoked_on: never",
]  # fmt: skip
LETTERS = [
    ":", ": ", "-", "- ", "\n", "\n  ", "#", "'", '"', "{", "}", "[", "]", ",", "&a ", "*a ", "!!x ", "|", ">", "\t",
    "\0", "\r", "é", "\u2028", "\x7f", "%", "@", "0", ".",
]  # fmt: skip
Mutation = Callable[[st.DataObject, bytes], bytes]


def mutated(data: st.DataObject, content: bytes) -> bytes:
    """Return a file's content spoiled in one to four ways."""
    for _ in range(data.draw(st.integers(1, 4))):
        content = data.draw(st.sampled_from(MUTATIONS))(data, content)
    return content


def _place(data: st.DataObject, content: bytes) -> int:
    return data.draw(st.integers(0, max(0, len(content) - 1)))


def _lines(data: st.DataObject, content: bytes) -> tuple[list[bytes], int]:
    """Return the lines and the number of one of them."""
    lines = content.split(b"\n")
    return lines, data.draw(st.integers(0, len(lines) - 1))


def flip_a_byte(data: st.DataObject, content: bytes) -> bytes:
    at = _place(data, content)
    return content[:at] + bytes([data.draw(st.integers(0, 255))]) + content[at + 1 :]


def insert_letters(data: st.DataObject, content: bytes) -> bytes:
    at = _place(data, content)
    letters = data.draw(st.sampled_from(LETTERS))
    return content[:at] + letters.encode() + content[at:]


def cut_off(data: st.DataObject, content: bytes) -> bytes:
    return content[: _place(data, content)]


def drop_a_line(data: st.DataObject, content: bytes) -> bytes:
    lines, at = _lines(data, content)
    return b"\n".join(lines[:at] + lines[at + 1 :])


def repeat_lines(data: st.DataObject, content: bytes) -> bytes:
    lines, at = _lines(data, content)
    end = data.draw(st.integers(at, min(len(lines), at + 6)))
    return b"\n".join(lines[:end] + lines[at:end] + lines[end:])


def swap_lines(data: st.DataObject, content: bytes) -> bytes:
    lines, one = _lines(data, content)
    other = data.draw(st.integers(0, len(lines) - 1))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def indent_a_line(data: st.DataObject, content: bytes) -> bytes:
    lines, at = _lines(data, content)
    blanks = data.draw(st.sampled_from([b"", b" ", b"  ", b"    ", b"\t"]))
    lines[at] = blanks + (lines[at].lstrip() if data.draw(st.booleans()) else lines[at])
    return b"\n".join(lines)


def replace_a_value(data: st.DataObject, content: bytes) -> bytes:
    lines, at = _lines(data, content)
    key, colon, _ = lines[at].partition(b":")
    lines[at] = key + (colon or b":") + b" " + data.draw(st.sampled_from(VALUES)).encode("utf-8", "surrogatepass")
    return b"\n".join(lines)


def replace_a_key(data: st.DataObject, content: bytes) -> bytes:
    lines, at = _lines(data, content)
    key, colon, value = lines[at].partition(b":")
    blanks = key[: len(key) - len(key.lstrip())]
    lines[at] = blanks + data.draw(st.sampled_from(VALUES)).encode("utf-8", "surrogatepass") + (colon or b":") + value
    return b"\n".join(lines)


def insert_a_line(data: st.DataObject, content: bytes) -> bytes:
    lines, at = _lines(data, content)
    blanks = b" " * data.draw(st.sampled_from([0, 0, 2, 4, 6]))
    return b"\n".join([*lines[:at], blanks + data.draw(st.sampled_from(LINES)).encode(), *lines[at:]])


def nest_deeply(data: st.DataObject, content: bytes) -> bytes:
    lines, at = _lines(data, content)
    depth = data.draw(st.sampled_from([3, 63, 64, 65, 66, 1_000, 20_000]))
    opened, closed = data.draw(st.sampled_from([("[", "]"), ("{a: ", "}"), ("- ", "")]))
    key, _, _ = lines[at].partition(b":")
    lines[at] = key + b": " + (opened * depth + "x" + closed * depth).encode()
    return b"\n".join(lines)


def alias_bomb(data: st.DataObject, content: bytes) -> bytes:
    levels = data.draw(st.integers(2, 4))  # what goes beyond the bounds is for test_document.py: it takes long
    bomb = [b"z0: &z0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"z{n}: &z{n} [{', '.join([f'*z{n - 1}'] * 9)}]".encode() for n in range(1, levels)]
    return content + b"\n" + b"\n".join(bomb) + b"\n"


def anchor_a_value(data: st.DataObject, content: bytes) -> bytes:
    """Anchor one line's value and use it in another's place."""
    lines, one = _lines(data, content)
    other = data.draw(st.integers(0, len(lines) - 1))
    key, _, value = lines[one].partition(b":")
    lines[one] = key + b": &here" + (value or b" x")
    key, _, _ = lines[other].partition(b":")
    lines[other] = key + b": *here"
    return b"\n".join(lines)


def other_encoding(data: st.DataObject, content: bytes) -> bytes:
    how = data.draw(st.sampled_from(["utf-16", "utf-8-sig", "latin-1", "utf-32", "cp037"]))
    return content.decode("utf-8", "replace").encode(how, "replace")


def other_line_ends(data: st.DataObject, content: bytes) -> bytes:
    return content.replace(b"\n", data.draw(st.sampled_from([b"\r\n", b"\r", b"\x85", "\u2028".encode(), b"\0\n"])))


MUTATIONS: list[Mutation] = [
    *(replace_a_value, replace_a_value, replace_a_value, replace_a_key, insert_a_line, insert_letters, flip_a_byte),
    *(drop_a_line, repeat_lines, swap_lines, indent_a_line, nest_deeply, alias_bomb, anchor_a_value, cut_off),
    *(other_encoding, other_line_ends),
]
