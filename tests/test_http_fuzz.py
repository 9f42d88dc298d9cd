"""Requests made from the description of the HTTP interface: every answer is one that it describes."""

import json
from collections.abc import Callable

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tandem_testing.server import TandemServer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
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
    document = httpx.get(f"{server.url}/api/openapi.json", trust_env=False).json()
    schema = schemathesis.openapi.from_dict(document)
    tried: set[str] = set()
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as http:
        for result in schema.get_all_operations():
            operation = result.ok()
            if operation.path in ENDING:
                continue
            tried.add(operation.label)

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def attempt(case: Case) -> None:
                # Half of the cases would fail at the path alone.
                if "user_id" in case.path_parameters:
                    case.path_parameters["user_id"] = ada.user_id
                if "task_id" in case.path_parameters and len(str(case.path_parameters["task_id"])) % 2 == 0:
                    case.path_parameters["task_id"] = task["id"]
                case.call_and_validate(base_url=server.url, headers=headers, checks=CHECKS)

            attempt()
        assert http.get("/health").status_code == 200
    assert len(tried) >= 15, json.dumps(sorted(tried))
    assert (await ada.create()).status_code == 201
