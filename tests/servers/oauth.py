"""A tiny OAuth2 server for tests: refresh tokens in, access tokens out, introspection for Dovecot, and switches to end them."""

import json
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

lock = threading.Lock()
access = {}  # token -> user
revoked = set()  # users whose refresh token is dead
given = {}  # user -> how many access tokens


def token(form):
    """The token endpoint: `refresh-USER` buys an access token for USER."""
    user = form.get("refresh_token", "").removeprefix("refresh-")
    if form.get("grant_type") != "refresh_token" or not user or user in revoked:
        return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    value = secrets.token_urlsafe(24)
    access[value] = user
    given[user] = given.get(user, 0) + 1
    return 200, {"access_token": value, "token_type": "Bearer", "expires_in": 3600}


def introspect(form):
    user = access.get(form.get("token", ""))
    return 200, {"active": True, "username": user} if user else {"active": False}


def control(verb, user):
    if verb in ("expire", "revoke"):
        for value in [v for v, owner in access.items() if owner == user]:
            del access[value]
    if verb == "revoke":
        revoked.add(user)
    if verb == "restore":
        revoked.discard(user)
    return 200, {"count": given.get(user, 0)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        with lock:
            answer = {"/token": token, "/introspect": introspect}.get(urlparse(self.path).path)
            self.answer(*(answer(form) if answer else (404, {})))

    def do_GET(self):
        url = urlparse(self.path)
        user = parse_qs(url.query).get("user", [""])[0]
        with lock:
            self.answer(*control(url.path.rsplit("/", 1)[-1], user))


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
