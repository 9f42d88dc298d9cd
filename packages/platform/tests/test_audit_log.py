"""AL1 to AL4: lines that hold, whatever is written and wherever to."""

import json
import logging
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform.audit import LIST_MAX, TEXT_MAX, AuditLog
from tandem_platform.settings import SettingsError

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        os.sched_yield()


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def test_a_line_is_json_with_time_event_and_trace_al2(tmp_path: Path) -> None:
    log = AuditLog.open(str(tmp_path / "audit.log"), lambda: 1_767_355_200.125)
    log.write("connect", trace=TRACE, user="u", sockets=3, session=None)
    log.close()
    assert lines(tmp_path / "audit.log") == [
        {
            "time": "2026-01-02T12:00:00.125Z",
            "event": "connect",
            "user": "u",
            "sockets": 3,
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        }
    ]


def test_a_file_is_its_owners_alone_and_is_added_to_al3(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    for event in ("first", "second"):
        log = AuditLog.open(str(file), lambda: 0.0)
        log.write(event)
        log.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line["event"] for line in lines(file)] == ["first", "second"]


def test_a_file_that_was_rotated_away_is_opened_anew_al3(tmp_path: Path) -> None:
    file, old = tmp_path / "audit.log", tmp_path / "audit.log.1"
    log = AuditLog.open(str(file), lambda: 0.0)
    log.write("before")
    until(lambda: file.stat().st_size > 0)
    file.rename(old)
    log.write("after")
    log.close()
    assert [line["event"] for line in lines(old)] == ["before"]
    assert [line["event"] for line in lines(file)] == ["after"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_vanished_costs_lines_until_it_is_back_al4(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = AuditLog.open(str(folder / "audit.log"), lambda: 0.0)
    folder.rename(tmp_path / "gone")
    log.write("one")
    log.write("two")
    until(lambda: log.lost == 2)
    folder.mkdir()
    log.write("three")
    log.close()
    assert [line["event"] for line in lines(folder / "audit.log")] == ["three"]
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["audit lines are lost"]


def test_a_full_disk_is_counted_and_not_raised_al4(caplog: pytest.LogCaptureFixture) -> None:
    log = AuditLog.open("/dev/full", lambda: 0.0)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            log.write("connect", user="u")
        log.close()
    assert log.lost == 3
    assert log.registry.get_sample_value("tandem_audit_lost_total") == 3
    assert [record.getMessage() for record in caplog.records] == [
        "audit lines are lost: [Errno 28] No space left on device"
    ]


@pytest.mark.parametrize("where", ["", "missing/audit.log"])
def test_a_file_that_cannot_be_written_ends_the_start_in_one_line(tmp_path: Path, where: str) -> None:
    with pytest.raises(SettingsError, match=r"^setting TANDEM_AUDIT_LOG is not valid: .*(Is a dir|No such file).*$"):
        AuditLog.open(str(tmp_path / where), lambda: 0.0)


def test_without_a_destination_nothing_is_written_and_nothing_runs() -> None:
    log = AuditLog.open("", lambda: 0.0)
    log.write("connect", user="u")
    log.close()
    assert not log.enabled
    assert log.lost == 0


@given(st.text(st.characters(), max_size=3 * TEXT_MAX) | st.sampled_from(['"', "\\", "\n", "\x00", "\u2028", "\ud800"]))
def test_no_value_breaks_a_line_or_makes_it_long_al2(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    file = tmp_path_factory.mktemp("audit") / "audit.log"
    log = AuditLog.open(str(file), lambda: 0.0)
    log.write("connect", user_agent=value * 40, sessions=[value * 40] * (LIST_MAX + 5))
    log.close()
    (written,) = file.read_bytes().splitlines()
    line = json.loads(written)
    assert len(line["user_agent"]) <= TEXT_MAX
    assert len(line["sessions"]) == LIST_MAX
    assert not any(byte < 0x20 for byte in written)


def test_a_token_where_none_belongs_is_blacked_out_au6(tmp_path: Path) -> None:
    log = AuditLog.open(str(tmp_path / "audit.log"), lambda: 0.0)
    log.write("connect", user_agent="curl?token=s3cr3t", origin="https://a/eyJhbGciOiJFZERTQSJ9.e30.s3cr3t")
    log.close()
    assert "s3cr3t" not in (tmp_path / "audit.log").read_text()
    assert "[redacted]" in (tmp_path / "audit.log").read_text()


_PROGRAM = """
import sys
from tandem_platform.audit import AuditLog
log = AuditLog.open("-", lambda: 0.0)
for number in range(int(sys.argv[1])):
    log.write("connect", number=number)
log.close()
sys.stderr.write(str(log.lost))
"""


def program(count: int, stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _PROGRAM, str(count)], stdout=stdout, stderr=subprocess.PIPE)


def test_stdout_gets_lines_in_order() -> None:
    process = program(100, subprocess.PIPE)
    out, lost = process.communicate(timeout=30)
    assert [json.loads(line)["number"] for line in out.splitlines()] == list(range(100))
    assert lost == b"0"


def test_a_closed_stdout_is_counted_and_not_raised_al4() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = program(5, writing)
    os.close(writing)
    _, said = process.communicate(timeout=30)
    assert said.endswith(b"5")
    assert b"Traceback" not in said
    assert process.returncode == 0


def test_a_pipe_that_nobody_reads_holds_nobody_up_al4() -> None:
    reading, writing = os.pipe()
    process = program(30_000, writing)
    os.close(writing)
    try:
        _, said = process.communicate(timeout=30)
    finally:
        os.close(reading)
    assert process.returncode == 0
    assert b"they come faster" in said
