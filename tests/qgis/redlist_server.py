"""A server on this computer that speaks the part of the Red List API that a refresh asks for, faults included."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "s3cret-t0ken-of-nobody"
BASE = "/api/v4"


def assessment(category, year, scope="1", latest=True, pe=False, pew=False, criteria="B1ab(iii)", number=1, date=None):
    """One entry of ``assessments`` as the service writes it: the year is text, the scope's code too."""
    names = {"1": "Global", "2": "Europe", "4": "Mediterranean"}
    return {
        "assessment_date": f"{date or f'{year - 1}-06-30'}T01:00:00.000+01:00",
        "year_published": str(year),
        "latest": latest,
        "possibly_extinct": pe,
        "possibly_extinct_in_the_wild": pew,
        "sis_taxon_id": 0,
        "criteria": criteria,
        "url": "https://www.iucnredlist.org/species/0/0",
        "taxon_scientific_name": "",
        "red_list_category_code": category,
        "assessment_id": number,
        "scopes": [{"description": {"en": names[scope]}, "code": scope}],
    }


def about(sis_id, name, *assessments):
    """The answer about one taxon."""
    genus, species = name.split()[:2]
    taxon = {"sis_id": sis_id, "scientific_name": name, "genus_name": genus, "species_name": species, "species": True}
    told = [{**entry, "sis_taxon_id": sis_id, "taxon_scientific_name": name} for entry in assessments]
    return {"taxon": taxon, "assessments": told}


@dataclass
class Call:
    """A request that came: path with query, when by the server's ``clock``, and its headers."""

    path: str
    time: float
    headers: dict


class RedListServer:
    """``taxa``: answers by SIS number; ``faults``: what to do instead of answering, in turn, by path (or by ``*``).

    A fault is a function that gets the request handler and writes, or does not write, what it likes; None lets one call
    through. ``certificate``: files of a certificate and its key, for a server behind TLS. ``clock``: by which calls are
    timed.
    """

    def __init__(self, certificate: tuple[str, str] | None = None):
        self.taxa: dict[int, dict] = {}
        self.faults: dict[str, list] = {}
        self.calls: list[Call] = []
        self.release = "2025-2"
        self.clock = time
        self._end = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner._answer(self)

            def log_message(self, *_args):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}{BASE}"

    def add(self, sis_id, name, *assessments):
        self.taxa[sis_id] = about(sis_id, name, *assessments)

    def paths(self):
        """Paths that were asked for, below the base, in their order."""
        return [call.path.removeprefix(BASE) for call in self.calls]

    def sleep(self, seconds=None):
        """Wait for so long, or without an end, but not beyond the server's own end."""
        self._end.wait(seconds)

    def _answer(self, handler):
        self.calls.append(Call(handler.path, self.clock.monotonic(), dict(handler.headers)))
        parts = urlsplit(handler.path)
        path = parts.path.removeprefix(BASE)
        for key in (path, "*"):
            if self.faults.get(key):
                fault = self.faults[key].pop(0)
                if fault is not None:
                    fault(handler)
                    return
        if handler.headers.get("Authorization") != TOKEN:
            send(handler, 401, {"error": "Invalid token"})
        elif path == "/information/red_list_version":
            send(handler, 200, {"red_list_version": self.release})
        elif path.startswith("/taxa/sis/"):
            self._send_taxon(handler, self.taxa.get(int(path.rpartition("/")[2])))
        elif path == "/taxa/scientific_name":
            query = parse_qs(parts.query)
            name = f"{query['genus_name'][0]} {query['species_name'][0]}"
            found = (t for t in self.taxa.values() if t["taxon"]["scientific_name"] == name)
            self._send_taxon(handler, next(found, None))
        else:
            send(handler, 404, {"error": "Not found"})

    @staticmethod
    def _send_taxon(handler, taxon):
        send(handler, 200 if taxon else 404, taxon or {"error": "Not found"})


def send(handler, status, document, **headers):
    """Send JSON, or bytes as they are."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def status(code, **headers):
    """A fault: an answer of this status."""
    return lambda handler: send(handler, code, {"error": "fault"}, **headers)


def body(content):
    """A fault: 200 with this body."""
    return lambda handler: send(handler, 200, content)


def cut(handler):
    """A fault: half of what was announced, then the connection is closed."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"taxon": {"sis_id": 1')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def silent(server, begun=lambda: None):
    """A fault: no answer as long as there is a server; ``begun`` is called when somebody waits for one."""

    def wait(handler):
        begun()
        server.sleep()
        handler.close_connection = True

    return wait


def dripping(server, begun=lambda: None):
    """A fault: an answer that comes byte by byte, each in time, as long as there is a server; ``begun`` is called after
    the first."""

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        try:
            handler.wfile.write(b" ")
            begun()
            while not server._end.is_set():
                handler.wfile.write(b" ")
                handler.wfile.flush()
                server.sleep(0.05)
        except OSError:
            handler.close_connection = True

    return drip
