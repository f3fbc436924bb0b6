import pytest

from cmgsim.site.client import HABITS, Activity, Connection, Sign, connection_type


@pytest.mark.seed("S-86")
@pytest.mark.parametrize(
    "signs", [Sign.DOMAIN_CONTROLLER, Sign.MANAGEMENT_POINT, Sign.DOMAIN_CONTROLLER | Sign.MANAGEMENT_POINT]
)
@pytest.mark.conflict("X-31")
def test_a_domain_controller_or_a_management_point_is_enough_for_the_intranet(signs):
    assert connection_type(signs).console == "Currently intranet"


@pytest.mark.seed("S-87")
def test_with_neither_the_client_is_on_the_internet():
    assert connection_type(Sign.NONE).console == "Currently Internet"


@pytest.mark.seed("S-89", "S-92")
@pytest.mark.parametrize("found", [Sign.NONE, Sign.DOMAIN_CONTROLLER, Sign.MANAGEMENT_POINT])
def test_the_flag_wins_over_whatever_the_client_finds(found):
    assert connection_type(found | Sign.ALWAYS_ON_INTERNET).console == "Always Internet"


def test_a_client_that_is_off_shows_no_connection_type():
    assert Connection.OFF.console == ""


@pytest.mark.oracle("O-10")
def test_five_tries_and_the_silence_after_the_last_fit_the_failure_window():
    tries = HABITS.failures_to_leave
    assert (tries - 1) * HABITS.retry_us[1] + HABITS.silence_us <= HABITS.failure_window_us
    assert (tries - 1) * HABITS.retry_us[0] > HABITS.failure_window_us // 2  # and they do not crowd at its beginning


def test_hourly_polling_moves_a_hundred_mebibytes_in_thirty_days():
    assert 0 <= 720 * HABITS.egress_bytes[Activity.POLICY] - 100 * 1024**2 < 720
