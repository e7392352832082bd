"""A real HTTP server that keeps what it was asked for."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.ports import LOOPBACK


class HttpSink:
    """`paths` are those that were posted to, in order; `silent` ones get no answer while the test lasts."""

    def __init__(self):
        self.paths = []
        self.url = None
        self.ended = threading.Event()


@contextmanager
def running_http_sink():
    sink = HttpSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            sink.paths.append(self.path)
            if self.path.startswith("/silent"):
                sink.ended.wait()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    sink.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield sink
    finally:
        sink.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
