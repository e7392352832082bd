"""What a filter's rules say of each template's mail, without asking the network."""

import re

from .names import ODOO, PEOPLE
from .templates import read_kept

HEAD = f"""\
Received: from mx.odoo.example (mx.odoo.example [{ODOO}])
\tby mx.people.example (Postfix) with ESMTPS id 4dHq5J2y6Zz1Xk
\tfor <{{recipient}}>; {{date}}
"""
# The names of this world count as names; no mail comes from its networks, which are for documentation.
SETTINGS = f"""\
util_rb_tld example
score RCVD_ILLEGAL_IP 0
trusted_networks {PEOPLE}/32
internal_networks {PEOPLE}/32
"""
# " 0.0 HTML_MESSAGE  BODY: HTML included in message"
HIT = re.compile(r"^ *(-?\d+\.\d+) ([A-Z][A-Z0-9_]+) ", re.MULTILINE)


class Rules:
    """`rules` are the hits by mail: a rule's name and its score."""

    host = "mx.people.example"
    packages = ["spamassassin", "libwww-perl", "libnet-dns-perl"]

    def run(self, world):
        world.write("/etc/spamassassin/local.cf", SETTINGS)
        lint = world.run("spamassassin", "--lint", check=False)
        print(lint.stdout, lint.stderr)
        self.rules = {}
        for name, path in read_kept():
            mail = path.read_text()
            headers = dict(re.findall(r"(?m)^(\S+): (.*)$", mail.partition("\n\n")[0])[::-1])
            received = HEAD.format(recipient=re.findall(r"[^<\s]+@[^>\s]+", headers["To"])[-1], date=headers["Date"])
            world.write("/tmp/mail.eml", received + mail)
            report = world.run("sh", "-c", "spamassassin --local --test-mode < /tmp/mail.eml").stdout
            print(report)
            details = report.partition("Content analysis details:")[2]
            self.rules[name] = {rule: float(score) for score, rule in HIT.findall(details)}
