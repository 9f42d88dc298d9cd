import math

import pytest

from tandem_bench.report import Row, Section, Target, table
from tandem_bench.summary import Spread, paired_ratios, percentile, spread


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 1.0), (50, 50.0), (95, 95.0), (99, 99.0), (99.5, 100.0), (100, 100.0)]
)
def test_a_percentile_is_the_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == expected


def test_a_percentile_of_few_samples_is_one_of_them() -> None:
    assert percentile([7.0], 1) == 7.0
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([1.0, 2.0], 50) == 1.0


@pytest.mark.parametrize("percent", [0, -1, 100.1, math.nan])
def test_a_percentile_out_of_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile([1.0], percent)


def test_nothing_has_no_statistics() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)
    with pytest.raises(ValueError, match="no samples"):
        spread([])
    with pytest.raises(ValueError, match="no samples"):
        paired_ratios([], [])


def test_a_spread_is_median_lowest_and_highest() -> None:
    assert spread([4.0, 1.0, 9.0]) == Spread(4.0, 1.0, 9.0)
    assert spread([1.0, 2.0]).median == 1.5


def test_ratios_compare_each_round_with_itself() -> None:
    """The machine was half as quick in the second round; the ratio does not notice."""
    assert paired_ratios([10.0, 5.0, 12.0], [20.0, 10.0, 24.0]) == Spread(0.5, 0.5, 0.5)


def test_series_of_different_lengths_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratios([1.0, 2.0], [1.0])


def test_a_target_is_judged_by_the_median() -> None:
    low, high = Target("at most", 5.0), Target("at least", 1.0)
    assert Row("", 5.0, "ms", low).verdict == "met"
    assert Row("", 5.01, "ms", low).verdict == "missed"
    assert Row("", Spread(1.0, 0.2, 9.0), "x", high).verdict == "met"
    assert Row("", Spread(0.9, 0.9, 9.0), "x", high).verdict == "missed"
    assert Row("", 1.0, "ms").verdict == ""


def test_the_table_has_a_line_for_each_figure_and_the_notes_after_it() -> None:
    row = Row("Tandem", Spread(1234.5, 1000.0, 2000.0), "writes/s", Target("at least", 1.0))
    lines = table([Section("Writes", [row], ["as it comes"])]).splitlines()

    assert [cell.strip() for cell in lines[3].split("|")[1:-1]] == [
        "Tandem",
        "1,234 writes/s (1,000 to 2,000)",
        "≥ 1",
        "met",
    ]
    assert len({len(line) for line in lines[:4]}) == 1
    assert lines[-1] == "- Writes: as it comes"
