"""Requests made from the description of the HTTP interface: every answer is one that it describes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from tandem_testing.server import TandemServer

# Schemathesis is not typed.
LOADED: Any = checks
CHECKS: list[Any] = [
    LOADED.not_a_server_error,
    LOADED.status_code_conformance,
    LOADED.content_type_conformance,
    LOADED.response_headers_conformance,
    LOADED.response_schema_conformance,
]
# They end the session with which everything else is tried.
ENDING = {"/api/auth/logout-all", "/api/auth/logout"}
EXAMPLES = 30


@pytest.mark.timeout(300)
async def test_every_answer_is_a_described_one_wr8(tandem: Callable[..., TandemServer]) -> None:
    server = tandem(TANDEM_LOG_LEVEL="WARNING").start()
    ada = await server.register()
    task = await ada.made()
    headers = {"authorization": f"Bearer {ada.token}"}
    schema: Any = schemathesis.openapi.from_dict((await ada.client.get("/api/openapi.json")).json())
    tried: set[str] = set()
    for result in schema.get_all_operations():
        operation: Any = result.ok()
        if operation.path in ENDING:
            continue
        tried.add(operation.label)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        )
        @given(case=operation.as_strategy())
        def attempt(case: Any) -> None:
            # Half of the cases would fail at the path alone.
            if "user_id" in case.path_parameters:
                case.path_parameters["user_id"] = ada.user_id
            if "task_id" in case.path_parameters and len(str(case.path_parameters["task_id"])) % 2 == 0:
                case.path_parameters["task_id"] = task["id"]
            case.call_and_validate(base_url=server.url, headers=headers, checks=CHECKS)

        attempt()
    assert len(tried) >= 15, json.dumps(sorted(tried))
    assert (await ada.create()).status_code == 201
