"""Statistics of samples: pure functions."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """The median of repeated measurements, with the lowest and the highest of them."""

    median: float
    lowest: float
    highest: float


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return a percentile by the nearest-rank method: a value that was really measured.

    Args:
        samples: In any order; at least one.
        percent: More than 0, at most 100.

    Raises:
        ValueError: There are no samples, or ``percent`` is out of its range.
    """
    if not samples:
        raise ValueError("no samples")
    if not 0 < percent <= 100:
        raise ValueError("a percentile is more than 0 and at most 100")
    return sorted(samples)[math.ceil(len(samples) * percent / 100) - 1]


def spread(samples: Sequence[float]) -> Spread:
    """Return median, lowest and highest.

    Raises:
        ValueError: There are no samples.
    """
    if not samples:
        raise ValueError("no samples")
    return Spread(statistics.median(samples), min(samples), max(samples))


def paired_ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """Return how the ratio of two interleaved series spreads, each round compared with itself.

    Other work on the machine slows both halves of a round alike, so it hardly moves their ratio.

    Raises:
        ValueError: The series are empty or of different lengths.
    """
    return spread([above / below for above, below in zip(numerators, denominators, strict=True)])
