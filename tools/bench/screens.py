"""Opening the campaign form and the reports beside many traces: the calls of the web client, to a real server."""

import json
import time
import urllib.request
from contextlib import contextmanager
from http.cookiejar import CookieJar

from lxml import etree

from ..console import Problem
from ..paths import LOGS
from ..ports import LOOPBACK, free_port, wait_for_page
from ..processes import background
from .lines import at_most, line

RUNS_EACH = 5
TIMEOUT = 120  # seconds
LISTED = 80  # rows of a page


def measure(space, clone, size, runs):
    """Call the server as the browser does. The first call of each is not counted: it fills caches.

    :param clone: gives a context manager of a fresh database
    """
    with clone() as database, serving(space, database) as client:
        [campaign] = client.call("marketing.campaign", "search", [("state", "=", "running")])
        form = _specification(client, "marketing.campaign")
        trace_list = _specification(client, "marketing.trace.report", "list")
        participant_list = _specification(client, "marketing.participant", "list")
        real = [("is_test", "=", False)]
        calls = {
            "opening a campaign": ("marketing.campaign", "web_read", [[campaign]], {"specification": form}),
            "report: traces": _grouped("marketing.trace.report", real, ["activity_id", "state"], ["number:sum"]),
            "report: participants": _grouped("marketing.participant", real, ["state"], ["__count"]),
            "list of traces": _listed("marketing.trace.report", real, trace_list),
            "list of participants": _listed("marketing.participant", real, participant_list),
        }
        lines = []
        for name, (model, method, args, kwargs) in calls.items():
            times = []
            for _call in range(runs * RUNS_EACH + 1):
                start = time.perf_counter()
                client.call(model, method, *args, **kwargs)
                times.append(1000 * (time.perf_counter() - start))
            lines.append(line(name, "ms", times[1:], target=at_most("ours", 1_000)))
        return lines


def _grouped(model, domain, groupby, aggregates):
    return model, "formatted_read_group", [domain, groupby, aggregates], {}


def _listed(model, domain, specification):
    return model, "web_search_read", [domain, specification], {"limit": LISTED, "count_limit": 10_001}


class Client:
    """A session of the administrator, as the web client has it."""

    def __init__(self, url, database):
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._post("/web/session/authenticate", {"db": database, "login": "admin", "password": "admin"})

    def call(self, model, method, *args, **kwargs):
        values = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._post(f"/web/dataset/call_kw/{model}/{method}", values)

    def _post(self, path, values):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": values}).encode()
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})
        with self._opener.open(request, timeout=TIMEOUT) as response:
            answer = json.load(response)
        if "error" in answer:
            raise Problem(f"{path}: {answer['error']['data']['message']}")
        return answer["result"]


@contextmanager
def serving(space, database):
    """Give the Client of a server on a database."""
    port = free_port()
    log = LOGS / "bench-server.log"
    command = space.odoo_command(
        *("-d", database, "--db-filter", f"^{database}$", "--http-port", str(port), "--max-cron-threads=0")
    )
    with log.open("wb") as output, background(command, env=space.environment(), stdout=output, stderr=output) as odoo:
        if not wait_for_page(port, "/web/login", odoo):
            raise Problem(f"Odoo did not start [{log}]")
        yield Client(f"http://{LOOPBACK}:{port}", database)


def _specification(client, model, kind="form"):
    """:return: what the web client asks for: the fields of a view, with those of the views within it"""
    views = client.call(model, "get_views", [[False, kind]])
    arch = etree.fromstring(views["views"][kind]["arch"])
    return _fields_of(arch, model, {name: found["fields"] for name, found in views["models"].items()})


def _fields_of(arch, model, models):
    specification = {}
    for node in arch.iter("field"):
        if next(node.iterancestors("field"), arch) not in (arch, *arch.iterancestors("field")):
            continue  # of a view within
        field = models[model][node.get("name")]
        if field["type"] in ("one2many", "many2many") and len(node):
            inside = {"fields": _fields_of(node, field["relation"], models)}
        elif field["type"] in ("many2one", "one2many", "many2many"):
            inside = {"fields": {"display_name": {}}}
        else:
            inside = {}
        specification[node.get("name")] = inside
    return specification
