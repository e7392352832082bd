"""Odoo's SMS service on this machine: an HTTP server that accepts each text message and keeps it."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tools.ports import LOOPBACK


class SmsSink:
    """`numbers` are those to which a message was sent so far, in order."""

    def __init__(self):
        self.numbers = []
        self._uuids = {}
        self.url = None

    def distinct_numbers(self):
        """:return: the numbers, once for each message, which Odoo gives an id: one that comes again is known by it"""
        return list(self._uuids.values())

    def accept(self, params):
        """:return: what Odoo's service answers to a batch of messages"""
        answers = []
        for message in params["messages"]:
            for number in message["numbers"]:
                self.numbers.append(number["number"])
                self._uuids[number["uuid"]] = number["number"]
                answers.append({"uuid": number["uuid"], "state": "success", "credit": 0})
        return answers


@contextmanager
def running_sms_sink():
    sink = SmsSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = {"jsonrpc": "2.0", "id": request["id"], "result": sink.accept(request["params"])}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass  # or each request is a line among the tests' output

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        sink.url = f"http://{LOOPBACK}:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
