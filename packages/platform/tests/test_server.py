"""Starting and stopping a real server process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tandem_platform.server import StartError, bind

PROGRAM = Path(__file__).parent / "serving_app.py"


@contextmanager
def program(*arguments: str) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def port_of(process: subprocess.Popen[str]) -> int:
    word, port = next_line(process).split()
    assert word == "port"
    return int(port)


def test_port_in_use_is_one_line() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StartError) as caught:
            bind("127.0.0.1", port)
    text = str(caught.value)
    assert str(port) in text
    assert "PORT" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("host", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 65536), ("::2", 0)]
)
def test_address_that_cannot_be_had_is_one_line(host: str, port: int) -> None:
    with pytest.raises(StartError, match="cannot listen on") as caught:
        bind(host, port)
    assert "\n" not in str(caught.value)


def test_port_can_be_taken_again_at_once() -> None:
    with bind("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        client = socket.create_connection(address)
        peer, _ = listener.accept()
        # The server closes first, which leaves its end in TIME_WAIT.
        peer.close()
        client.close()
    bind(*address).close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_drains_then_finishes_requests_then_ends_cleanly(number: signal.Signals) -> None:
    with program() as process, ThreadPoolExecutor(1) as pool:
        port = port_of(process)
        reply = pool.submit(httpx.get, f"http://127.0.0.1:{port}/slow")
        assert next_line(process) == "waiting"
        process.send_signal(number)
        assert reply.result(10).text == '"finished"'
        output, _ = process.communicate(timeout=10)
        assert output.split("\n") == ["draining", "closed", "cleaned up", ""]
        assert process.returncode == 0


@pytest.mark.parametrize("way", ["fail-drain", "hang-drain"])
def test_broken_drain_does_not_keep_the_server_from_ending(way: str) -> None:
    with program(way) as process:
        port_of(process)
        signalled = time.monotonic()
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=10)
    assert time.monotonic() - signalled < 5, "a signal ends everything within five seconds"
    assert output.split("\n") == ["draining", "closed", "cleaned up", ""]
    assert "draining failed" in errors
    assert process.returncode == 0


def test_failed_start_is_an_error() -> None:
    with program("fail-start") as process:
        output, errors = process.communicate(timeout=10)
    assert output.startswith("error: the application could not start")
    assert "no database" in errors
    assert process.returncode == os.EX_CONFIG
