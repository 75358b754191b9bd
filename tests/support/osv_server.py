"""A database of vulnerabilities as pip-audit asks it, https://osv.dev, on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def osv_server(*vulnerable: str) -> Iterator[dict[str, str]]:
    """Run it; these packages have a vulnerability. Yields the environment variables that make pip-audit use it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # its name there
            query = json.loads(self.rfile.read(int(self.headers["content-length"])))
            name = query["package"]["name"]
            found = [{"id": "TEST-1", "affected": [{"package": {"name": name, "ecosystem": "PyPI"}}]}]
            body = json.dumps({"vulns": found} if name in vulnerable else {}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        yield {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": url, "NO_PROXY": "127.0.0.1"}
        server.shutdown()
