"""A whole bridge in Python's standard library. Its network is a folder: letters lie in `in`, answers go to `out`.

    BRIDGE_SECRET=whsec_... BRIDGE_FOLDER=letters python3 bridge.py serve 8123
    python3 bridge.py push < message.json       the call that brings a message, signed
    python3 bridge.py receipt ID STATE          the call that says what became of an answer

`push` and `receipt` post to $DESK_HOOK, the address that the channel shows; without it they print the call.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import sys
import time
import urllib.request

SECRET = os.environ["BRIDGE_SECRET"]
FOLDER = pathlib.Path(os.environ["BRIDGE_FOLDER"])
CAN = ["poll", "push", "send", "attachments", "receipts"]
GRACE_SECONDS = 300


class Refused(Exception):
    """An answer that is not 200, and its reason for staff."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


def sign(identifier, seconds, body):
    key = base64.b64decode(SECRET.removeprefix("whsec_") + "==")
    covered = f"{identifier}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, covered, hashlib.sha256).digest()).decode()


def verify(headers, body):
    identifier, seconds = headers["webhook-id"] or "", headers["webhook-timestamp"] or ""
    if not seconds.isdigit() or abs(time.time() - int(seconds)) > GRACE_SECONDS:
        raise Refused(401, "the time is missing or too far away")
    right = sign(identifier, seconds, body)
    given = (headers["webhook-signature"] or "").split(" ")
    if not any(hmac.compare_digest(right, one) for one in given):
        raise Refused(401, "the signature does not hold")


def check(_asked):
    (FOLDER / "in").mkdir(parents=True, exist_ok=True)
    (FOLDER / "out").mkdir(parents=True, exist_ok=True)
    return {"address": str(FOLDER.name), "can": CAN, "detail": "the folder is there"}


def poll(asked):
    """Letters are named by numbers, such as 000017.json; the cursor is the last number that was given."""
    cursor = asked["cursor"] or "0"
    if not (cursor.isascii() and cursor.isdigit()):
        raise Refused(400, "a cursor of another form")
    letters = [path for path in sorted((FOLDER / "in").glob("*.json")) if int(path.stem) > int(cursor)]
    page = letters[: asked["limit"]]
    items = [{"id": str(int(path.stem)), "message": json.loads(path.read_text("utf-8"))} for path in page]
    last = str(int(page[-1].stem)) if page else cursor
    return {"items": items, "cursor": last, "more": len(letters) > len(page)}


def send(asked):
    """One key is one answer: a second call finds the first one's file."""
    message = asked["message"]
    name = hashlib.sha256(message["key"].encode()).hexdigest()
    answer = FOLDER / "out" / f"{name}.json"
    if not answer.exists():
        draft = answer.with_suffix(".draft")
        draft.write_text(json.dumps(message | {"taken_at": time.time_ns()}), "utf-8")
        draft.rename(answer)
    return {"id": name, "detail": "it lies in the folder"}


class Handler(http.server.BaseHTTPRequestHandler):
    asked = {}

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        try:
            verify(self.headers, body)
            self.asked = json.loads(body)
            work = {"check": check, "poll": poll, "send": send}.get(self.asked["type"])
            if work is None:
                raise Refused(501, "this bridge does not do that")
            self.reply(200, work(self.asked))
        except Refused as refused:
            self.reply(refused.status, {"detail": str(refused)})

    def reply(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Silent: what a citizen wrote does not belong into a log."""


def call(told):
    """Posts a signed call to CivicDesk. The id stays the same when it has to be repeated."""
    body = json.dumps(told).encode()
    identifier, seconds = "msg_" + hashlib.sha256(body).hexdigest()[:24], str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": seconds,
        "webhook-signature": sign(identifier, seconds, body),
    }
    if "DESK_HOOK" not in os.environ:
        print(json.dumps({"headers": headers, "body": body.decode()}))
        return
    with urllib.request.urlopen(urllib.request.Request(os.environ["DESK_HOOK"], body, headers)) as answer:
        print(answer.status)


def main(arguments):
    match arguments:
        case ["serve", port]:
            http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
        case ["push"]:
            message = json.load(sys.stdin)
            call({"type": "messages", "items": [{"id": "pushed-" + message["id"], "message": message}]})
        case ["receipt", identifier, state]:
            call({"type": "receipts", "receipts": [{"id": identifier, "state": state}]})
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
