# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server: reads requests, and delivers replies with their faults."""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import http.server
import json
import socket
import ssl
import struct
import sys
import time
import typing as t
import urllib.parse

from emulator.authentication import AUTH_PATHS
from emulator.control import CONTROL_PREFIX, control
from emulator.faults import Fault
from emulator.wire import Reply, Request

if t.TYPE_CHECKING:
    from emulator.service import HubEmulator


class Server(http.server.ThreadingHTTPServer):
    """Listens on the loopback interface and knows its connections, so that it can close them all."""

    request_queue_size = 256

    def __init__(self, port: int, hub: HubEmulator, tls: tuple[str, str] | None) -> None:
        self.hub = hub
        self.connections: set[socket.socket] = set()
        self.context: ssl.SSLContext | None = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # HTTPServer's own method asks the name service for the name of this machine.
        super(http.server.HTTPServer, self).server_bind()

    def get_request(self) -> tuple[socket.socket, t.Any]:
        connection, address = super().get_request()
        if self.context:
            # The handshake waits for the first read, in the thread of the connection.
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: t.Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that left is not an error
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: Server

    def log_message(self, *_args: object) -> None:
        """Log nothing: requests are counted instead."""

    def serve(self) -> None:
        hub = self.server.hub
        request = self.read_request()
        if not request.path.startswith(CONTROL_PREFIX):
            self.deliver(*hub.take(request), slow=hub.latency if request.path in AUTH_PATHS else 0)
            return
        self.deliver(control(hub, request), Fault())
        if request.path == f"{CONTROL_PREFIX}stop" and request.method == "POST":
            hub.stop()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = serve

    def read_request(self) -> Request:
        length = self.headers.get("Content-Length", "0")
        raw = self.rfile.read(int(length)) if length.isdigit() else b""
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True  # its body stays unread
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        url = urllib.parse.urlsplit(self.path)
        return Request(
            method=self.command,
            path=urllib.parse.unquote(url.path).rstrip("/") or "/",
            headers={name.title(): value for name, value in self.headers.items()},
            body=body,
            query=dict(urllib.parse.parse_qsl(url.query)),
            at=time.time(),
            raw_path=url.path.rstrip("/") or "/",
        )

    def deliver(self, reply: Reply, fault: Fault, slow: float = 0) -> None:
        """Send a reply in the way of a fault."""
        if (fault.delay or slow) and self.server.hub.stopped.wait(fault.delay + slow):
            self.close_connection = True
            return
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.close_connection = self.close_connection or fault.raw or fault.truncate
        content = reply.content()
        length = len(content) * fault.repeat + (1000 if fault.truncate else 0)
        head = b"" if fault.raw else self.head(reply, length)
        if self.command == "HEAD":
            content = b""
        if fault.repeat == 1 and fault.drip is None:
            self.wfile.write(head + content)
            return
        self.wfile.write(head)
        for _dummy in range(fault.repeat):
            if fault.drip is None:
                self.wfile.write(content)
                continue
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.server.hub.stopped.wait(fault.drip):
                    return

    def head(self, reply: Reply, length: int) -> bytes:
        """Return status line and headers."""
        headers: dict[str, str | None] = {
            "Date": email.utils.formatdate(self.server.hub.now(), usegmt=True),
            "Server": "nginx",
            "Content-Type": None if isinstance(reply.body, (bytes, str)) else "application/json",
            "Content-Length": str(length),
            **reply.headers,
        }
        if reply.headers.get("Transfer-Encoding"):
            headers["Content-Length"] = None
        lines = [f"{self.protocol_version} {reply.status} {http.client.responses.get(reply.status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
