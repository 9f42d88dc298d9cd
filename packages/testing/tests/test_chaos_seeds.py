"""Failed seeds come first until they have passed three times."""

from pathlib import Path

from tandem_testing.chaos.seeds import FailedSeeds


def test_failed_seed_stays_until_it_has_passed_three_times(tmp_path: Path) -> None:
    seeds = FailedSeeds(tmp_path / "cache" / "seeds")
    assert seeds.of("single") == []
    seeds.note("single", 7, failed=True)
    seeds.note("cluster", 8, failed=True)
    seeds.note("single", 9, failed=False)
    assert (seeds.of("single"), seeds.of("cluster")) == ([7], [8])
    for _ in range(2):
        seeds.note("single", 7, failed=False)
        assert seeds.of("single") == [7]
    seeds.note("single", 7, failed=True)
    for _ in range(2):
        seeds.note("single", 7, failed=False)
        assert seeds.of("single") == [7]
    seeds.note("single", 7, failed=False)
    assert seeds.of("single") == []
    assert seeds.of("cluster") == [8]
