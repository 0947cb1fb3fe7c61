"""A receiver for hooks of every dialect, in FastAPI. It verifies the bytes as
they came, with the Standard Webhooks library, and does each event once: the
event's id and what it makes you do are one transaction.

    pip install fastapi uvicorn standardwebhooks
    SECRET=whsec_... uvicorn fastapi_receiver:app --port 9000

SECRET is the hook's, as its creation showed it once. The hook's URL is
http://127.0.0.1:9000/hook. DATABASE names the SQLite file, done.db by default.
"""

import hashlib
import hmac
import os
import sqlite3

from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

secret = os.environ["SECRET"]
# Made by memhooks, a secret is whsec_ and Base64; one of your own is taken as it is.
webhook = Webhook(secret if secret.startswith("whsec_") else secret.encode())

database = sqlite3.connect(os.environ.get("DATABASE", "done.db"))
database.execute("CREATE TABLE IF NOT EXISTS done (id TEXT PRIMARY KEY)")

app = FastAPI()


def verify_product(body: bytes, signature: str) -> None:
    """The product's own header signs the body alone, under the whole secret as
    it is written. It says nothing of id and time."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise ValueError("the product's signature does not match")


@app.post("/hook")
async def hook(request: Request) -> Response:
    body = await request.body()
    headers = request.headers
    try:
        event = webhook.verify(body, dict(headers))  # body, id and time
        signature = headers.get("x-areev-signature") or headers.get("x-rem-signature")
        if signature:
            verify_product(body, signature)
    except (WebhookVerificationError, ValueError) as error:  # ValueError: a header that can't be read
        print("refused:", error, flush=True)
        return Response(status_code=401)
    event_id = headers["webhook-id"]
    with database:
        fresh = database.execute("INSERT OR IGNORE INTO done VALUES (?)", (event_id,)).rowcount
        if fresh:
            kind = event.get("event_type") or event.get("event") or event.get("type")
            print("new", event_id, kind, flush=True)  # here is your work, on the same database
        else:
            print("again", event_id, flush=True)
    return Response(status_code=200)
