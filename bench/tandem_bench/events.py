"""Events of the size and shape that the backend publishes."""

import time
from typing import Any, Final

from tandem_bench.websocket_servers import new_id

FIRST_SEQ: Final = 100_000_000
"""Nine digits, in which load clients find or write the number of an event."""


def task_event(user_id: str, seq: int = FIRST_SEQ) -> dict[str, Any]:
    """Return an event as the backend publishes it, but for the signature."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    space = new_id()
    task = {
        "id": new_id(),
        "user_id": user_id,
        "space": space,
        "seq": seq,
        "title": "Buy groceries",
        "description": "Milk, eggs, bread",
        "completed": False,
        "completed_at": None,
        "priority": "medium",
        "due": None,
        "created_at": now,
        "updated_at": now,
    }
    actor = {"user_id": user_id, "name": "Ada", "device_id": new_id(), "device": "Firefox on Linux"}
    return {
        "event_type": "task.created",
        "event_id": new_id(),
        "user_id": user_id,
        "task": task,
        "space": space,
        "epoch": new_id(),
        "seq": seq,
        "timestamp": now,
        "actor": actor,
        "mutation": "offline-edit-1",
        "audience": [user_id],
    }
