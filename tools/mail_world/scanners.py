"""Programs that look into the links of a mail, run against a web server that notes what they ask for."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import names

KINDS = {"/r/": "link", "/mail/track/": "pixel", "/mailing/": "unsubscribe", "/unsubscribe_from_list": "unsubscribe"}
TARGET = "/catalogue"  # where the tracked links lead, on the same host
MAIL = "/tmp/campaign.eml"


class Scanner:
    """`requests` are what the program asked for: method, kind of address, agent, whether its query was kept."""

    host = "mx.people.example"
    packages = []

    def run(self, world):
        self.world, self.requests = world, []
        self._serve()
        # Odoo's own addresses, without the TLS for which this world has no certificates
        mail = world.campaign_mail("mail", "recipient@people.example").replace(
            "https://odoo.example", "http://odoo.example"
        )
        world.write(MAIL, mail, 0o644)
        self.scan(world)

    def scan(self, world):
        raise NotImplementedError

    def _serve(self):
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                known = [kind for prefix, kind in KINDS.items() if self.path.startswith(prefix)]
                requests.append(
                    {
                        "method": self.command,
                        "what": known[0] if known else "page",
                        "agent": self.headers.get("User-Agent"),
                        "query": "?" in self.path,
                        "from": self.headers.get("From"),
                    }
                )
                is_link = self.path.startswith("/r/")
                self.send_response(301 if is_link else 200)
                if is_link:
                    self.send_header("Location", f"http://odoo.example{TARGET}")
                body = b"" if is_link or self.command == "HEAD" else PAGE.encode()
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_POST = do_GET

            def log_message(self, *_args):
                pass

        server = ThreadingHTTPServer((names.ODOO, 80), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()


# The mail as a page: what Odoo shows to who opens it in a browser
PAGE = """\
<html><body><a href="/r/FmQ/m/1?s=c4d8fa18d24555472cf82e8b">catalogue</a>
<a href="/mailing/1/confirm_unsubscribe?document_id=2">Unsubscribe</a>
<img src="/mail/track/2/2f9136a63c58d96c1806c9670dc2fab2/blank.gif"/></body></html>
"""


class SpamAssassin(Scanner):
    packages = ["spamassassin", "libwww-perl", "libnet-dns-perl"]

    def scan(self, world):
        world.write(
            "/etc/spamassassin/local.cf",
            """\
loadplugin Mail::SpamAssassin::Plugin::DecodeShortURLs
util_rb_tld example
dns_available yes
dns_server 127.0.0.1
url_shortener odoo.example
body HAS_SHORT_URL eval:short_url()
""",
        )
        print(world.run("sh", "-c", f"spamassassin -t < {MAIL}", check=False))


class Rspamd(Scanner):
    packages = ["rspamd", "redis-server"]

    def scan(self, world):
        world.write("/etc/rspamd/local.d/redis.conf", 'servers = "127.0.0.1:6379";\n')
        world.write("/etc/rspamd/local.d/options.inc", 'dns { nameserver = ["127.0.0.1"]; }\n')
        world.write(
            "/etc/rspamd/local.d/url_redirector.conf",
            'enabled = true;\nredirector_hosts_map = "/etc/rspamd/redirectors.map";\nmax_urls = 10;\n',
        )
        world.write("/etc/rspamd/redirectors.map", "odoo.example\n")
        world.start("redis-server", "--bind", "127.0.0.1", user="redis")
        world.wait_for_port("127.0.0.1", 6379)
        world.start("rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd")
        world.wait_for_port("127.0.0.1", 11333, seconds=60)
        print(world.run("rspamc", "-h", "127.0.0.1:11333", "symbols", MAIL, check=False))


class LinkChecker(Scanner):
    packages = ["linkchecker"]

    def scan(self, world):
        command = "cd /tmp && linkchecker --check-extern --no-warnings http://odoo.example/mail"
        print(world.run("sh", "-c", command, check=False))


def summary(requests):
    """:return: what was asked for, each once, with how often; agents that differ each time as one pattern"""
    counted = {}
    for request in requests:
        key = (request["method"], request["what"], request["agent"] or "", request["query"])
        counted[key] = counted.get(key, 0) + 1
    return [
        {"method": method, "what": what, "agent": re.sub(r"\s+", " ", agent), "query": query, "times": times}
        for (method, what, agent, query), times in counted.items()
    ]


SCANNERS = [SpamAssassin, Rspamd, LinkChecker]
