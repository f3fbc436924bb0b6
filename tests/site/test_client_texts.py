"""What a client shows of its connection."""

import pytest

from cmgsim.site.client import Connection, control_panel


@pytest.mark.seed("S-86", "S-87", "S-89")
@pytest.mark.parametrize(
    ("connection", "known", "text"),
    [
        (Connection.INTRANET, (3,), "Currently intranet"),
        (Connection.INTRANET, (), "Always intranet"),
        (Connection.INTERNET, (3,), "Currently Internet"),
        (Connection.INTERNET, (), "Currently Internet"),
        (Connection.ALWAYS_INTERNET, (), "Always Internet"),
        (Connection.OFF, (), ""),
    ],
)
def test_the_control_panel_shows_the_connection_type(connection, known, text):
    assert control_panel(connection, known) == text
