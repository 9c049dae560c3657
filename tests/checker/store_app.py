"""An application with its sessions in memcached, and a habit for when that is away: ``PORT ...``.

``PORT MEMCACHED HABIT``. It answers one request at a time, as one worker does.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

port, memcached, habit = int(sys.argv[1]), sys.argv[2], sys.argv[3]
ACCOUNTS = {"ann": "violet-otter-91"}
_SECONDS = 60 if habit == "hangs" else 0.2


class Away(Exception):
    """The store does not answer."""


def asked(line: str, body: str | None = None) -> str:
    """Return the answer of the store's to one command."""
    host, _, number = memcached.partition(":")
    sent = f"{line}\r\n" + ("" if body is None else f"{body}\r\n")
    try:
        with socket.create_connection((host, int(number)), _SECONDS) as connection:
            connection.sendall(sent.encode())
            answer = b""
            while not answer.endswith((b"END\r\n", b"STORED\r\n", b"DELETED\r\n", b"FOUND\r\n")):
                if not (more := connection.recv(65_536)):
                    raise Away
                answer += more
    except OSError as error:
        raise Away from error
    return answer.decode()


class Page(BaseHTTPRequestHandler):
    """Signs in and out, and tells who is signed in."""

    def do_GET(self) -> None:
        try:
            user = self.user()
        except Away:
            user = "ann" if habit == "lets_everybody_in" else None
            if habit == "answers_500":
                self.answer(500, "oops")
                return
        self.answer(200, f"user {user} {self.note()}" if user else "nobody")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        fields = parse_qs(self.rfile.read(length).decode())
        try:
            self.act({name: each[0] for name, each in fields.items()})
        except Away:
            self.answer(503, "later")

    def act(self, fields: dict[str, str]) -> None:
        if self.path == "/logout":
            asked(f"delete {self.session_id}")
            self.answer(200, "bye")
        elif self.path == "/note":
            note = fields["note"]
            asked(f"set note-{self.session_id} 0 0 {len(note)}", note)
            self.answer(200, "kept")
        elif ACCOUNTS.get(fields.get("name", "")) == fields.get("password"):
            session_id = secrets.token_hex(16)
            record = json.dumps({"user": fields["name"], "email": "ann@post.example"})
            asked(f"set {session_id} 0 0 {len(record)}", record)
            self.answer(200, "welcome", f"sid={session_id}; Path=/; HttpOnly; SameSite=Lax")
        else:
            self.answer(403, "no")

    @property
    def session_id(self) -> str:
        return (self.headers.get("Cookie") or "").partition("sid=")[2] or "none"

    def user(self) -> str | None:
        if self.session_id == "none":
            return None if habit != "lets_everybody_in" else self.looked_up("none")
        return self.looked_up(self.session_id)

    def note(self) -> str:
        if habit != "keeps_notes":
            return ""
        return asked(f"get note-{self.session_id}").partition("\r\n")[2].partition("\r\n")[0]

    @staticmethod
    def looked_up(key: str) -> str | None:
        head, _, rest = asked(f"get {key}").partition("\r\n")
        return json.loads(rest.partition("\r\n")[0])["user"] if head.startswith("VALUE") else None

    def answer(self, status: int, text: str, cookie: str = "") -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    if habit == "leaves_a_child":
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        print(child.pid, file=sys.stderr, flush=True)
    if folder := os.environ.get("TOLD"):

        def told(*_arguments: object) -> None:
            with open(f"{folder}/ended", "w") as file:
                file.write("gently")
            raise SystemExit

        signal.signal(signal.SIGTERM, told)
    HTTPServer(("127.0.0.1", port), Page).serve_forever()
