"""Fan-out as a FastAPI tutorial does it: `send_json` to each socket, or serialised once and `send_text`.

Run it as ``python naive_websocket.py PORT json|once PUBLIC_KEY_FILE``.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import jwt
import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect

FIELDS = ("task", "timestamp", "space", "epoch", "seq", "actor", "mutation")
app = FastAPI()
sockets: defaultdict[str, set[WebSocket]] = defaultdict(set)
once = sys.argv[2] == "once"
public_key = Path(sys.argv[3]).read_text("ascii")


@app.get("/ready")
async def ready() -> dict[str, str]:
    """Answer."""
    return {"status": "ready"}


@app.websocket("/ws/{user_id}")
async def connect(websocket: WebSocket, user_id: str, token: str) -> None:
    """Serve a socket of the user whose token it brings."""
    claims = jwt.decode(token, public_key, algorithms=["EdDSA"], audience="tandem", issuer="tandem")
    if claims["sub"] != user_id:
        await websocket.close(1008)
        return
    await websocket.accept()
    sockets[user_id].add(websocket)
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        sockets[user_id].discard(websocket)


@app.post("/events/task-updates")
async def publish(request: Request) -> dict[str, str]:
    """Send an event to every socket of its audience."""
    event: dict[str, Any] = (await request.json())["data"]
    message = {"type": "task_update", "event": event["event_type"], **{name: event[name] for name in FIELDS}}
    text = json.dumps(message, separators=(",", ":"), ensure_ascii=False) if once else ""
    for user_id in event["audience"]:
        for websocket in tuple(sockets[user_id]):
            if once:
                await websocket.send_text(text)
            else:
                await websocket.send_json(message)
    return {"status": "SUCCESS"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False, backlog=4096)
