"""A list of tasks as a FastAPI tutorial would serve it: rows, models, and FastAPI's own serialisation.

Run it as ``python naive_list.py PORT DATABASE``.
"""

import sqlite3
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
LIMIT = 10_000


class Task(BaseModel):
    """A task."""

    id: str
    user_id: str
    space_id: str
    seq: int
    title: str
    description: str
    completed: bool
    completed_at: int | None
    priority: str
    created_at: int
    updated_at: int


@app.get("/health")
def health() -> dict[str, str]:
    """Answer."""
    return {"status": "healthy"}


@app.get("/tasks")
def tasks() -> list[Task]:
    """Return the first tasks."""
    connection = sqlite3.connect(f"file:{sys.argv[2]}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        query = f"SELECT {', '.join(Task.model_fields)} FROM tasks ORDER BY seq LIMIT {LIMIT}"  # noqa: S608 - no input
        rows: list[Any] = connection.execute(query).fetchall()
    finally:
        connection.close()
    return [Task(**dict(row)) for row in rows]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
