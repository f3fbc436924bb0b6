"""Ctrl-C that Python swallows is met at the next step, and the handler of others is left alone."""

import signal

import pytest

from cmgsim.ui.interruptions import Interruptions


@pytest.fixture(autouse=True)
def _as_at_a_terminal():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_one_that_was_swallowed_is_raised_again():
    with Interruptions() as interruptions:
        interruptions.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interruptions.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_handler_of_others_stays():
    def mine(number, frame):
        pass

    signal.signal(signal.SIGINT, mine)
    with Interruptions() as interruptions:
        signal.raise_signal(signal.SIGINT)
        interruptions.check()
    assert signal.getsignal(signal.SIGINT) is mine
