"""A WebDAV server of WsgiDAV, and over it what a Nextcloud does with chunks: ``dav_app.py <port> <folder>``.

Everything of WebDAV is WsgiDAV's; here is only that moving ``/uploads/<user>/<id>/.file`` puts the chunks together, in
the order of their names, as the Nextcloud developer manual describes it.
"""

import os
import shutil
import sys
import time
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import unquote, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from wsgidav.wsgidav_app import WsgiDAVApp

BASE = "/remote.php/dav"


class Limited:
    """What a call sends and no more: the server of the standard library leaves its end to the application."""

    def __init__(self, stream, length):
        self._stream, self._left = stream, length

    def read(self, most=-1):
        found = self._stream.read(self._left if most is None or most < 0 else min(most, self._left))
        self._left -= len(found)
        return found


class Chunks:
    def __init__(self, inner, store):
        self._inner, self._store = inner, Path(store)

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = Limited(environ["wsgi.input"], length)
        if environ["REQUEST_METHOD"] == "PUT" and length > shutil.disk_usage(self._store).free:
            # As a Nextcloud's quota does: before the first byte.
            return self._say(start_response, "507 Insufficient Storage")
        if environ["REQUEST_METHOD"] == "MOVE" and path.startswith(f"{BASE}/uploads/") and path.endswith("/.file"):
            # Only who is let in: WsgiDAV looks at the password of a harmless call first.
            answers = []
            asked = {**environ, "REQUEST_METHOD": "OPTIONS", "CONTENT_LENGTH": "0", "PATH_INFO": f"{BASE}/"}
            for _ in self._inner(asked, lambda status, *_rest: answers.append(status) or (lambda _data: None)):
                pass
            if not answers[0].startswith("200"):
                return self._say(start_response, answers[0])
            return self._say(start_response, self._assemble(path, environ))
        return self._inner(environ, start_response)

    @staticmethod
    def _say(start_response, status):
        start_response(status, [("Content-Length", "0")])
        return [b""]

    def _assemble(self, path, environ):
        folder = self._store / path[len(BASE) + 1 :].rpartition("/")[0]
        target = self._store / unquote(urlsplit(environ["HTTP_DESTINATION"]).path)[len(BASE) + 1 :]
        if not folder.is_dir():
            return "404 Not Found"
        chunks = sorted(p for p in folder.iterdir() if p.name.isdigit() and 1 <= int(p.name) <= 10000)
        if sum(p.stat().st_size for p in chunks) != int(environ["HTTP_OC_TOTAL_LENGTH"]):
            return "400 Bad Request"
        if target.exists() and environ.get("HTTP_OVERWRITE") == "F":
            return "412 Precondition Failed"
        with open(target, "wb") as whole:
            for chunk in chunks:
                with open(chunk, "rb") as part:
                    shutil.copyfileobj(part, whole)
        shutil.rmtree(folder)
        return "201 Created"


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Quiet."""


def main(port, store):
    for name in ("files/reviewer/inbox", "uploads/reviewer"):
        Path(store, name).mkdir(parents=True, exist_ok=True)
    user = {os.environ["DAV_USER"]: {"password": os.environ["DAV_PASSWORD"]}}
    application = WsgiDAVApp(
        {
            "provider_mapping": {BASE: str(store)},
            "simple_dc": {"user_mapping": {"*": user}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "property_manager": None,
            "lock_storage": False,
            "logging": {"enable": False},
            "verbose": 1,
            "block_size": 1 << 18,
        }
    )
    end = time.monotonic() + 60
    while True:
        try:
            server = make_server("127.0.0.1", port, Chunks(application, store), Threads, Quiet)
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    server.serve_forever(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
