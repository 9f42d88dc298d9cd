"""The example of the README, as a reader runs it."""

import asyncio
import os
import re
import sys
from pathlib import Path

from tandem_testing.backend import PASSWORD
from tandem_testing.server import TandemServer, environment

README = Path(__file__).parents[1] / "README.md"


async def test_example_of_the_readme(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    server = TandemServer(tmp_path / "server").start()
    try:
        await server.register("ada@example.com")
        variables = environment(tmp_path / "script") | {
            "TANDEM_URL": server.url,
            "TANDEM_EMAIL": "ada@example.com",
            "TANDEM_PASSWORD": PASSWORD,
        }
        script = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", example), env=variables, stdout=asyncio.subprocess.PIPE, cwd=os.fspath(tmp_path)
        )
        printed, _ = await script.communicate()
    finally:
        await server.close()
    assert script.returncode == 0
    first, *changes = printed.decode().splitlines()
    assert first == "x Buy milk"
    assert changes
    assert set(changes) <= {"task.created Buy milk", "task.completed Buy milk"}
