"""A line to a server that breaks when a test wants it to."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

_PIECE = 1 << 16


class Cutter:
    """Hands bytes on to ``port``.

    ``cuts``: the next connection that has carried so many bytes to the server is cut, then the next of the list; with
    ``together`` the bytes of all connections count.
    ``swallow``: methods whose next answer never arrives. ``hold``: bytes after which nothing more is taken, with
    ``held`` set; when it is None again (``release``), the connection is cut. ``carried``: bytes to the server by
    connection.
    """

    def __init__(self, port):
        self.upstream = port
        self.cuts, self.swallow, self.carried = [], [], []
        self.hold = None
        self.together = False
        self.held = threading.Event()
        self._holding = []
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.hold = None
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._open:
            _cut(pair)

    def release(self):
        """Let go of what is held, and return when it is cut, so that the line can be held again."""
        self.hold = None
        while self._holding:
            time.sleep(0.01)
        self.held.clear()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream), 60)
            except OSError:
                _cut((client,))
                continue
            server.settimeout(None)
            pair = (client, server)
            self._open.append(pair)
            self.carried.append(0)
            state = {"number": len(self.carried) - 1, "swallow": False}
            threading.Thread(target=self._up, args=(*pair, state), daemon=True).start()
            threading.Thread(target=self._down, args=(*pair, state), daemon=True).start()

    def _up(self, client, server, state):
        number = state["number"]
        try:
            while data := client.recv(_PIECE):
                method = data.split(b" ", 1)[0].decode("latin-1") if data[:1].isalpha() else ""
                if method in self.swallow:
                    self.swallow.remove(method)
                    state["swallow"] = True
                before = sum(self.carried) if self.together else self.carried[number]
                if self.cuts and before + len(data) > self.cuts[0]:
                    server.sendall(data[: max(0, self.cuts.pop(0) - before)])
                    _cut((client, server))
                    return
                if self.hold is not None and self.carried[number] + len(data) > self.hold:
                    self._holding.append(number)
                    self.held.set()
                    while self.hold is not None:
                        time.sleep(0.01)
                    _cut((client, server))
                    self._holding.remove(number)
                    return
                server.sendall(data)
                self.carried[number] += len(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            # A server that has hung up may have said why, which is on its way still.
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)

    @staticmethod
    def _down(client, server, state):
        try:
            while data := server.recv(_PIECE):
                if state["swallow"]:
                    _cut((client, server))
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            _cut((client, server))


def _cut(sockets):
    """End connections as a pulled plug does: what is on its way is lost."""
    for one in sockets:
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.shutdown(socket.SHUT_RDWR)
        one.close()
