"""A form that takes packages, lists them by digest, and refuses when a test wants it to."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FormServer:
    """``received``: fields and the file's name, size and digest, an entry for each whole post. ``faults``: what to do
    with the next posts, in turn: a function of the handler that returns whether it has answered, or None.
    ``headers``: of all calls, as they came."""

    def __init__(self, login=None, context=None, port=0):
        self.received, self.faults, self.headers = [], [], []
        self.login = login
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                owner.post(self)

            def do_HEAD(self):
                owner.headers.append(dict(self.headers))
                digest = self.path.rpartition("/")[2]
                send(self, 200 if digest in {entry["sha256"] for entry in owner.received} else 404)

            def log_message(self, *_args):
                """Quiet."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_args):
                """Connections that a test breaks."""

        self._server = Quiet(("127.0.0.1", port), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if context else "http"
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}/submit"

    @property
    def check(self):
        return f"{self._scheme}://127.0.0.1:{self.port}/received/{{sha256}}"

    def post(self, handler):
        self.headers.append(dict(handler.headers))
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and fault(handler):
            return
        if self.login and handler.headers.get("Authorization") != self.login:
            refuse(401)(handler)
            return
        entry = read_form(handler)
        if entry is not None:
            self.received.append(entry)
            send(handler, 201, b"Thank you", Location="/received/" + entry["sha256"])


def read_form(handler):
    """The fields of a post and what its file is, read piece by piece; None where the post broke off."""
    left = int(handler.headers["Content-Length"])
    boundary = handler.headers["Content-Type"].rpartition("boundary=")[2].encode()
    tail = b"\r\n--" + boundary + b"--\r\n"
    head = b""
    fields = {}
    while True:
        line = handler.rfile.readline()
        left -= len(line)
        if not line:
            return None
        head += line
        if line == b"\r\n":
            name = head.split(b'name="')[1].split(b'"')[0].decode()
            if b"filename=" in head:
                filename = head.split(b'filename="')[1].split(b'"')[0].decode()
                break
            value = handler.rfile.readline()
            left -= len(value)
            fields[name] = value[:-2].decode()
            head = b""
    digest, size = hashlib.sha256(), left - len(tail)
    left = size
    while left:
        piece = handler.rfile.read(min(left, 1 << 20))
        if not piece:
            return None
        digest.update(piece)
        left -= len(piece)
    if handler.rfile.read(len(tail)) != tail:
        return None
    return {"fields": fields, "field": name, "name": filename, "size": size, "sha256": digest.hexdigest()}


def send(handler, status, body=b"", **headers):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def refuse(status, after=0, body=b"", **headers):
    """A fault: answer without waiting for more than ``after`` bytes of the body, and hang up on the rest."""

    def fault(handler):
        handler.rfile.read(after)
        with contextlib.suppress(OSError):
            send(handler, status, body, Connection="close", **headers)
            handler.wfile.flush()
            # Closing with bytes unread resets the connection, which the sender gets to feel.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1))
        handler.close_connection = True
        return True

    return fault


def whole_then(status, keep, server, body=b"", **headers):
    """A fault: take the whole post, keep it or not, and answer so; None: no answer at all."""

    def fault(handler):
        entry = read_form(handler)
        if keep and entry is not None:
            server.received.append(entry)
        if status is not None and entry is not None:
            send(handler, status, body, **headers)
        handler.close_connection = True
        return True

    return fault
