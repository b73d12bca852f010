"""A server of tus 1.0.0 in memory, with what the reference server lacks: checksums, and limits on a piece."""

from __future__ import annotations

import base64
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from form import send


class SmallTus:
    """``content`` of the one upload; ``pieces``: sizes of those that were kept. ``spoil``: how many pieces are first
    taken for damaged; ``most``: bytes that a piece may have; ``location``: what creation answers in place of it;
    ``refusals``: by method, what its next calls are answered instead."""

    def __init__(self, spoil=0, most=1 << 30, location="/files/1", context=None):
        self.refusals = {}
        self.content, self.pieces, self.spoil, self.most, self.location = bytearray(), [], spoil, most, location
        self.length, self.checksums = 0, 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_OPTIONS(self):
                send(self, 204, **owner.offer())

            def do_POST(self):
                if owner.refuses(self):
                    return
                owner.length = int(self.headers["Upload-Length"])
                send(self, 201, Location=owner.location, Tus_Resumable="1.0.0")

            def do_HEAD(self):
                send(self, 200, Upload_Offset=str(len(owner.content)), Upload_Length=str(owner.length))

            def do_PATCH(self):
                if owner.refuses(self):
                    return
                owner.patch(self)

            def log_message(self, *_args):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._server.handle_error = lambda *_args: None
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_address[1]}/files"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def offer():
        return {
            "Tus_Version": "1.0.0,0.2.2",
            "Tus_Extension": "creation,checksum",
            "Tus_Checksum_Algorithm": "md5,sha256",
        }

    def refuses(self, handler):
        """Whether a call was answered by one of ``refusals``, without its body being looked at."""
        waiting = self.refusals.get(handler.command)
        if not waiting:
            return False
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        send(handler, waiting.pop(0), b"No")
        return True

    def patch(self, handler):
        size = int(handler.headers["Content-Length"])
        body = handler.rfile.read(size)
        if size > self.most:
            send(handler, 413)
            return
        if int(handler.headers["Upload-Offset"]) != len(self.content):
            send(handler, 409)
            return
        algorithm, _, told = handler.headers["Upload-Checksum"].partition(" ")
        found = base64.b64encode(hashlib.new(algorithm, body).digest()).decode()
        if self.spoil or found != told:
            self.spoil -= 1
            send(handler, 460)
            return
        self.checksums += 1
        self.content += body
        self.pieces.append(size)
        send(handler, 204, Upload_Offset=str(len(self.content)))
