"""ST7: a database is used with one set of keys."""

import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

from tandem_backend.services.database_keys import adopt_keys, open_keys
from tandem_backend.services.signing_keys import add_signing_key, load_keys
from tandem_backend.settings import BackendSettings
from tandem_backend.storage.locate import prepare_database
from tandem_platform.server import StartError
from tandem_testing.backend import PATIENCE, settings_for

AT_ONCE = 6


def numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):04}"


def with_keys(settings: BackendSettings, folder: Path) -> BackendSettings:
    return settings.model_copy(update={"keys_dir": folder})


def test_keys_are_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    assert settings_for(tmp_path).keys_folder == tmp_path / "keys"
    assert settings_for(tmp_path, keys_dir="").keys_folder == tmp_path / "keys", "as compose files pass it on"
    assert settings_for(tmp_path, keys_dir="/run/keys").keys_folder == Path("/run/keys")


def test_st7_same_keys_are_welcome_other_keys_are_refused(settings: BackendSettings, tmp_path: Path) -> None:
    first = open_keys(settings, numbered())
    assert open_keys(settings, numbered()).refresh == first.refresh
    other = with_keys(settings, tmp_path / "other")
    load_keys(other.keys_folder, numbered())
    with pytest.raises(StartError, match=r"other keys.*TANDEM_KEYS_DIR.*tandem adopt-keys") as caught:
        open_keys(other, numbered())
    assert first.fingerprint in str(caught.value)
    assert first.refresh.hex() not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert open_keys(settings, numbered()).refresh == first.refresh, "the refusal changed nothing"


def test_st7_keys_that_are_gone_are_not_made_anew_by_themselves(settings: BackendSettings) -> None:
    open_keys(settings, numbered())
    refresh = settings.keys_folder / "refresh.key"
    refresh.unlink()
    with pytest.raises(StartError, match="there are none in"):
        open_keys(settings, numbered())
    assert not refresh.exists()
    adopted = adopt_keys(settings, numbered())
    assert open_keys(settings, numbered()).refresh == adopted.refresh


def test_st7_adopted_keys_are_the_ones_from_then_on(settings: BackendSettings, tmp_path: Path) -> None:
    open_keys(settings, numbered())
    other = with_keys(settings, tmp_path / "other")
    adopted = adopt_keys(other, numbered())
    assert open_keys(other, numbered()).refresh == adopted.refresh
    with pytest.raises(StartError, match="other keys"):
        open_keys(settings, numbered())


def test_au3_rotated_signing_keys_are_the_same_keys(settings: BackendSettings) -> None:
    before = open_keys(settings, numbered())
    add_signing_key(settings.keys_folder, "0002")
    after = open_keys(settings, numbered())
    assert (after.kid, after.fingerprint) == ("0002", before.fingerprint)


def test_mounted_secret_is_read_and_not_written(settings: BackendSettings, tmp_path: Path) -> None:
    """As Kubernetes mounts one: links to files of a folder that cannot be written, readable by a group."""
    made, mounted = tmp_path / "made", tmp_path / "mounted"
    keyring = load_keys(made, numbered())
    (mounted / "..data").mkdir(parents=True)
    for path in made.iterdir():
        target = mounted / "..data" / path.name
        target.write_bytes(path.read_bytes())
        target.chmod(0o440)
        (mounted / path.name).symlink_to(f"..data/{path.name}")
    before = sorted((path, path.lstat().st_mtime_ns) for path in mounted.rglob("*"))
    mounted.chmod(0o555)
    opened = open_keys(with_keys(settings, mounted), numbered())
    assert (opened.kid, opened.fingerprint) == (keyring.kid, keyring.fingerprint)
    assert sorted((path, path.lstat().st_mtime_ns) for path in mounted.rglob("*")) == before
    assert stat.S_IMODE(mounted.stat().st_mode) == 0o555


def at_once(starts: list[Callable[[], str]]) -> list[str]:
    """Run all at the same moment; return what each returned, or what it was refused with."""
    barrier = threading.Barrier(len(starts), timeout=PATIENCE)

    def run(start: Callable[[], str]) -> str:
        barrier.wait()
        try:
            return start()
        except StartError as error:
            return f"refused: {error}"

    with ThreadPoolExecutor(len(starts)) as pool:
        return list(pool.map(run, starts))


def test_folder_that_several_fill_at_once_gets_one_set_of_keys(tmp_path: Path) -> None:
    def start(number: int) -> Callable[[], str]:
        def make() -> str:
            keyring = load_keys(tmp_path / "keys", lambda: f"{number:04}")
            return f"{keyring.kid} {keyring.fingerprint}"

        return make

    assert len(set(at_once([start(number) for number in range(AT_ONCE)]))) == 1
    assert len(list((tmp_path / "keys").iterdir())) == 2


@pytest.mark.postgres
@pytest.mark.parametrize("folders", [1, AT_ONCE], ids=["shared keys", "own keys"])
def test_st1_st7_backends_that_begin_at_once_on_an_empty_database(
    empty_postgres_url: str, tmp_path: Path, folders: int
) -> None:
    """One migrates, and one records its keys; all others either have the same or are refused."""

    def start(number: int) -> Callable[[], str]:
        settings = settings_for(tmp_path / f"{number}").model_copy(
            update={
                "database_url": SecretStr(empty_postgres_url),
                "keys_dir": tmp_path / f"keys-{number % folders}",
            }
        )

        def begin() -> str:
            prepare_database(settings)
            return open_keys(settings, numbered()).fingerprint

        return begin

    answers = at_once([start(number) for number in range(AT_ONCE)])
    accepted = [answer for answer in answers if not answer.startswith("refused")]
    assert len(accepted) == (AT_ONCE if folders == 1 else 1), answers
    assert len(set(accepted)) == 1
    assert all("the database is used with" in answer for answer in answers if answer not in accepted)
