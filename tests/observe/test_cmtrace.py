"""Log lines are written as CMTrace reads them, and come back whole."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from cmgsim.observe.cmtrace import Kind, Record, client_line, read_log, server_line

words = st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters="<>[]$~"), min_size=1, max_size=40)
moments = st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
records = st.builds(
    Record,
    moment=moments,
    component=st.sampled_from(["CMGService", "SMS_CLOUD_PROXYCONNECTOR"]),
    message=words.map(str.strip).filter(bool),
    kind=st.sampled_from(Kind),
    thread=st.integers(1, 65535),
)


@given(st.lists(records, max_size=5))
def test_a_clients_log_comes_back_whole(written):
    assert read_log("\n".join(map(client_line, written))) == written


@given(st.lists(records, max_size=5))
def test_a_servers_log_comes_back_but_for_the_severity_it_does_not_have(written):
    read = read_log("\n".join(map(server_line, written)))
    assert [(one.moment, one.component, one.message, one.thread) for one in read] == [
        (one.moment, one.component, one.message, one.thread) for one in written
    ]


def test_a_message_of_two_lines_survives_in_both_forms():
    record = Record(datetime(2019, 7, 29, 9, 30), "CMGService", "first\nsecond")
    assert read_log(client_line(record)) == [record]
    assert read_log(server_line(record)) == [record]


def test_the_bias_is_added_to_get_utc():
    line = (
        '<![LOG[x]LOG]!><time="11:30:00.500-120" date="07-29-2019" component="C" context="" type="3" '
        'thread="7" file="a:1">'
    )
    [record] = read_log(line)
    assert (record.moment, record.kind) == (datetime(2019, 7, 29, 9, 30, 0, 500_000), Kind.ERROR)


def test_what_is_no_log_line_is_skipped():
    assert read_log("hello\n<![LOG[unfinished") == []
