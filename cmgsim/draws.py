"""Chance as a key: the same question always draws the same number.

Theory of operation: there is no random stream to advance. A draw is a hash of *(seed, who, stream, ordinal)*: who asks
(a client, a gateway), what for (a stream, one per kind of decision), and for the how-many-th time. So two runs differ
only where their mechanisms differ: removing client 3 leaves every draw of client 17 as it was (common random numbers;
Klein et al., arXiv 2409.02086).

The mixing is the finaliser of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
OOPSLA 2014), applied word by word in 64-bit integers, so that Python, NumPy and compiled code agree to the last bit.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from cmgsim.units import PARTS_PER_MILLION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

WORD = (1 << 64) - 1
START = 0x9E3779B97F4A7C15
MULTIPLIER_1 = 0xBF58476D1CE4E5B9
MULTIPLIER_2 = 0x94D049BB133111EB


def identity(*words: str) -> int:
    """Return the 64-bit number that stands for a name in a key, the same on every machine.

    Several words are told apart from their concatenation: ``identity("a", "bc") != identity("ab", "c")``.
    """
    digest = blake2b("\x1f".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def stream(purpose: str) -> int:
    """Return the number of one kind of decision, such as ``stream("client.location.phase")``.

    Name streams by room and purpose; two decisions never share one.
    """
    return identity("stream", purpose)


def mix(*words: int) -> int:
    """Hash integers (taken modulo 2**64) into one 64-bit integer."""
    bits = START
    for word in words:
        bits = (bits ^ (word & WORD)) * MULTIPLIER_1 & WORD
        bits ^= bits >> 27
        bits = bits * MULTIPLIER_2 & WORD
        bits ^= bits >> 31
    return bits


def draw(seed: int, who: int, purpose: int, ordinal: int = 0) -> int:
    """Draw 64 bits for *who*, for one *purpose* (a :func:`stream`), for the *ordinal*-th time.

    This is ``mix(seed, who, purpose, ordinal)``, written out: half of a reference fleet's chance is drawn here.
    """
    bits = (START ^ (seed & WORD)) * MULTIPLIER_1 & WORD
    bits = (bits ^ bits >> 27) * MULTIPLIER_2 & WORD
    bits = (bits ^ bits >> 31 ^ (who & WORD)) * MULTIPLIER_1 & WORD
    bits = (bits ^ bits >> 27) * MULTIPLIER_2 & WORD
    bits = (bits ^ bits >> 31 ^ (purpose & WORD)) * MULTIPLIER_1 & WORD
    bits = (bits ^ bits >> 27) * MULTIPLIER_2 & WORD
    bits = (bits ^ bits >> 31 ^ (ordinal & WORD)) * MULTIPLIER_1 & WORD
    bits = (bits ^ bits >> 27) * MULTIPLIER_2 & WORD
    return bits ^ bits >> 31


def within(bits: int, low: int, high: int) -> int:
    """Turn 64 bits into an integer of ``low..high``, both included.

    The bias of the remainder is below ``(high - low) / 2**64``.

    Raises:
        ValueError: if *high* is below *low*.
    """
    if high < low:
        raise ValueError(f"an empty range has no draw: {low}..{high}")
    return low + bits % (high - low + 1)


def chance(bits: int, share_ppm: int) -> bool:
    """Turn 64 bits into a yes with a probability of *share_ppm* parts per million."""
    return bits % PARTS_PER_MILLION < share_ppm


def mix_array(*words: ArrayLike) -> NDArray[np.uint64]:
    """Do :func:`mix` for arrays: words broadcast together; the result has their shape, uint64.

    Raises:
        TypeError: if a word is no integer or array of integers.
    """
    import numpy as np

    columns = [_column(word) for word in words]
    bits = np.full(np.broadcast_shapes(*(column.shape for column in columns)), START, dtype=np.uint64)
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant; NumPy warns of it when there is but one number
        for column in columns:
            bits = (bits ^ column) * np.uint64(MULTIPLIER_1)
            bits ^= bits >> np.uint64(27)
            bits = bits * np.uint64(MULTIPLIER_2)
            bits ^= bits >> np.uint64(31)
    return np.asarray(bits)


def draw_array(seed: int, who: ArrayLike, purpose: int, ordinal: ArrayLike = 0) -> NDArray[np.uint64]:
    """Do :func:`draw` for arrays of *who* and *ordinal* (they broadcast); returns uint64 of their shape."""
    return mix_array(seed, who, purpose, ordinal)


def _column(word: ArrayLike | int) -> NDArray[np.uint64]:
    """Return integers modulo 2**64, as :func:`mix` takes them."""
    import numpy as np

    if isinstance(word, int):
        return np.asarray(word & WORD, dtype=np.uint64)
    column = np.asarray(word)
    if column.dtype.kind not in "iub":
        raise TypeError(f"words of a key are integers, not {column.dtype}")
    return column.astype(np.uint64)
