"""Keeps a copy of a memory in step with a cdc hook's log: a SQLite file, copy.db
by default. Standard library only. Stop it at any time; it goes on where it was,
for its place is saved in the transaction that applies the events.

    MEMORY=customer-support HOOK=hook-... KEY=ar_... python3 poll.py

The hook is one of areev names with redaction_mode full, for a copy wants content.
MEMHOOKS is the server's address, http://127.0.0.1:8080 by default.
"""

import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

server = os.environ.get("MEMHOOKS", "http://127.0.0.1:8080")
hook = f"/api/memories/{os.environ['MEMORY']}/hooks/{os.environ['HOOK']}"

database = sqlite3.connect(os.environ.get("DATABASE", "copy.db"))
database.executescript("""
    CREATE TABLE IF NOT EXISTS grains (hash TEXT PRIMARY KEY, user_id TEXT, scope TEXT, body TEXT);
    CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), after TEXT);
    INSERT OR IGNORE INTO place VALUES (1, 'earliest');
""")


def call(method: str, path: str, body: dict | None = None, **query) -> dict:
    url = server + path + "?" + urllib.parse.urlencode(query)
    request = urllib.request.Request(url, method=method, headers={"Content-Type": "application/json"})
    if "KEY" in os.environ:
        request.add_header("Authorization", "Bearer " + os.environ["KEY"])
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, data, timeout=60) as answer:
        return json.load(answer)


def apply(event: dict) -> None:
    """By hash, person and scope only, so that an event applied twice does no harm."""
    kind, grain = event["event_type"], event.get("hash")
    if kind in ("grain_created", "grain_superseded") and "redacted" not in event:
        scope = event["fields"].get("scope_path") or event["namespace"]
        database.execute("DELETE FROM grains WHERE hash = ?", (event.get("superseded"),))
        database.execute("REPLACE INTO grains VALUES (?, ?, ?, ?)", (grain, event.get("user_id"), scope, json.dumps(event)))
    elif kind == "grain_forgotten":
        database.execute("DELETE FROM grains WHERE hash = ?", (grain,))
    elif kind == "crypto_erase" and "user_id" in event:
        database.execute("DELETE FROM grains WHERE user_id = ?", (event["user_id"],))
    elif kind == "crypto_erase":
        below = event["scope_path"] + "/"  # and all paths that begin so, in the same letters
        database.execute("DELETE FROM grains WHERE scope = ? OR substr(scope, 1, ?) = ?", (event["scope_path"], len(below), below))


def begin_anew() -> None:
    """Takes the copy from a snapshot, and goes on from where that was made."""
    with database:
        database.execute("DELETE FROM grains")
        page = call("GET", hook + "/snapshot", limit=1000)
        while True:
            for grain in page["grains"]:
                apply(grain["event"])
            database.execute("UPDATE place SET after = ?", (str(page["stream_from"]),))
            if not page["has_more"]:
                break
            page = call("GET", hook + "/snapshot", limit=1000, cursor=page["next_cursor"])
    print("snapshot, holds", holds(), flush=True)


def holds() -> int:
    return database.execute("SELECT count(*) FROM grains").fetchone()[0]


def step() -> None:
    """Applies one page, or waits for one."""
    asked = time.monotonic()
    (after,) = database.execute("SELECT after FROM place").fetchone()
    try:
        page = call("GET", hook + "/events", after=after, limit=100, wait_ms=20000)
    except urllib.error.HTTPError as refused:
        if refused.code != 410:  # the log begins later than our place
            raise
        return begin_anew()
    # A superseded grain that is gone by now no longer says which one it replaced.
    if any(e["event"]["event_type"] == "grain_superseded" and "redacted" in e["event"] for e in page["events"]):
        return begin_anew()
    with database:
        for entry in page["events"]:
            apply(entry["event"])
            print(entry["seq"], entry["id"], entry["event"]["event_type"], flush=True)
        database.execute("UPDATE place SET after = ?", (page["next_cursor"],))
    call("POST", hook + "/consumers/copy/ack", {"cursor": page["next_cursor"]})  # the log is kept for us from here
    if page["events"]:
        print("holds", holds(), flush=True)
    else:  # a server that can't wait for events is asked once a second
        time.sleep(max(0, 1 - (time.monotonic() - asked)))


if __name__ == "__main__":
    call("PUT", hook + "/consumers/copy", {"after": "earliest"})
    while True:
        try:
            step()
        except (urllib.error.URLError, TimeoutError) as trouble:
            code = getattr(trouble, "code", 503)
            if code < 500 and code != 429:  # the server says what is wrong with the request
                sys.exit(trouble.read().decode())
            print("tries again:", trouble, flush=True)
            time.sleep(5)
