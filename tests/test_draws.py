from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.draws import chance, draw, draw_array, identity, mix, mix_array, stream, within

words = st.integers(-(2**63), 2**64 - 1)
uint64s = st.integers(0, 2**64 - 1)


def test_known_answers_never_change() -> None:
    assert identity("a", "bc") == 6534603746319305384
    assert stream("client.location.phase") == 14769366131496474352
    assert mix(0) == 15590649930234121703
    assert mix(1, 2, 3) == 12174095428247697372
    assert mix(-1) == 8658983634636877031
    assert draw(7, 17, stream("client.location.phase"), 3) == 14367730929141603772


def test_identity_tells_words_apart_from_their_concatenation() -> None:
    assert len({identity("a", "bc"), identity("ab", "c"), identity("abc"), identity("bc", "a")}) == 4


@given(st.lists(words, min_size=1, max_size=5))
def test_numpy_mixes_single_words_as_python_does(key: list[int]) -> None:
    mixed = mix_array(*key)
    assert mixed.shape == ()
    assert mixed.dtype == np.uint64
    assert int(mixed) == mix(*key)


@given(words, st.lists(uint64s, min_size=1, max_size=20), words, st.integers(0, 2**40))
def test_numpy_draws_as_python_does_for_every_element(seed: int, who: list[int], purpose: int, ordinal: int) -> None:
    drawn = draw_array(seed, np.array(who, dtype=np.uint64), purpose, ordinal)
    assert drawn.dtype == np.uint64
    assert drawn.tolist() == [draw(seed, one, purpose, ordinal) for one in who]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_signed_arrays_wrap_as_python_does(key: list[int]) -> None:
    assert mix_array(np.array(key, dtype=np.int64)).tolist() == [mix(word) for word in key]


def test_arrays_broadcast() -> None:
    who, ordinal = np.arange(3)[:, None], np.arange(4)[None, :]
    assert draw_array(7, who, 1, ordinal).tolist() == [[draw(7, w, 1, n) for n in range(4)] for w in range(3)]


@pytest.mark.parametrize("word", [1.5, [1.5], ["1"], [2**63, -1]])
def test_numpy_refuses_keys_that_are_no_integers(word: object) -> None:
    with pytest.raises(TypeError, match="words of a key are integers"):
        mix_array(word)  # type: ignore[arg-type]


@given(uint64s, st.integers(-(10**12), 10**12), st.integers(0, 10**12))
def test_within_stays_within(bits: int, low: int, span: int) -> None:
    assert low <= within(bits, low, low + span) <= low + span


def test_within_reaches_both_ends() -> None:
    assert {within(draw(1, 2, 3, ordinal), -1, 1) for ordinal in range(50)} == {-1, 0, 1}


def test_an_empty_range_has_no_draw() -> None:
    with pytest.raises(ValueError, match=r"an empty range has no draw: 3\.\.2"):
        within(0, 3, 2)


@given(uint64s)
def test_chance_of_nothing_and_of_all(bits: int) -> None:
    assert not chance(bits, 0)
    assert chance(bits, 1_000_000)


@pytest.mark.parametrize("share_ppm", [1_000, 50_000, 500_000, 995_000])
def test_chance_comes_as_often_as_it_says(share_ppm: int) -> None:
    count = 40_000
    hits = sum(chance(draw(11, who, stream("test.chance")), share_ppm) for who in range(count))
    share = share_ppm / 1e6
    assert abs(hits - count * share) < 4 * (count * share * (1 - share)) ** 0.5


def chi_square(values: np.ndarray, cells: int) -> float:
    """Distance of the values' remainders from uniformity: mean *cells* - 1, variance twice that."""
    counts = np.bincount(values.astype(np.int64), minlength=cells)
    return float(((counts - len(values) / cells) ** 2).sum() / (len(values) / cells))


@pytest.mark.parametrize("seed", [0, 1, 7, 42, 2**63])
@pytest.mark.parametrize("varying", ["who", "ordinal", "purpose", "seed"])
def test_neighbouring_keys_draw_uniformly(seed: int, varying: str) -> None:
    key = {"seed": seed, "who": 5, "purpose": stream("test.uniform"), "ordinal": 0}
    key[varying] = np.arange(100_000)  # type: ignore[assignment]
    bits = mix_array(key["seed"], key["who"], key["purpose"], key["ordinal"])
    cells = 1000
    limit = cells - 1 + 5 * (2 * (cells - 1)) ** 0.5
    assert chi_square(bits % np.uint64(cells), cells) < limit
    assert chi_square(bits >> np.uint64(54), 1024) < limit + 30


def test_neighbouring_draws_are_unrelated() -> None:
    bits = draw_array(3, np.arange(100_000), stream("test.pairs")) >> np.uint64(59)
    pairs = bits[:-1] * np.uint64(32) + bits[1:]
    assert chi_square(pairs, 1024) < 1023 + 5 * (2 * 1023) ** 0.5


def test_one_changed_bit_changes_half_of_the_bits() -> None:
    flips = [(mix(7, 1 << place) ^ mix(7, 0)).bit_count() for place in range(64)]
    assert min(flips) > 16
    assert 30 < sum(flips) / len(flips) < 34


def test_removing_one_who_moves_nobody_elses_draws() -> None:
    with_all = {who: draw(7, who, 1) for who in range(10)}
    without_3 = {who: draw(7, who, 1) for who in range(10) if who != 3}
    assert without_3 == {who: bits for who, bits in with_all.items() if who != 3}
    assert all(first != second for first, second in pairwise(with_all.values()))
