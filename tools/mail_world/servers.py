"""Mail servers between Odoo and the world: each gets the same mails, and is told to give up within seconds."""

from contextlib import suppress

from . import names
from .peers import start_next_hops

GIVE_UP = 25  # seconds in place of days
WARN = 4  # seconds in place of hours
# What is tried, and the domain of the recipient; "-heard" is the mail without the headers that ask for silence
TRIED = {
    **{kind: "people.example" for kind in ("unknown", "nocode", "moved", "disabled", "full", "grey")},
    **{kind: "people.example" for kind in ("quota", "large", "spam")},
    **{kind: "people.example" for kind in ("grey-heard", "unknown-heard")},
    "nohost": "nowhere.example",
    "nomail": "nomail.example",
    "narrow": "narrow.example",
    "down": "down.example",
    "success": "people.example",
}
PATIENCE = 75  # seconds


class Server:
    """How a mail server is made to run here. Every one says which packages it needs, and its main one first."""

    host = "relay.example"
    packages = []

    def configure(self, world):
        raise NotImplementedError

    def start(self, world):
        raise NotImplementedError

    def nudge(self, world):
        """Have it look at its queue again."""

    def submit(self, world, mail, recipient, notify):
        world.submit(mail, recipient, names.RELAY, notify=notify)

    def run(self, world):
        start_next_hops(world.keeper)
        self.configure(world)
        self.start(world)
        for kind, domain in TRIED.items():
            recipient = f"{kind}.{self.packages[0].partition('-')[0]}@{domain}"
            mail = world.campaign_mail(kind, recipient, silenced=not kind.endswith("-heard"))
            self.submit(world, mail, recipient, "SUCCESS" if kind == "success" else "")
        state = {"last": 0, "quiet": 0}

        def is_over():
            count = len(world.arrivals())
            state["quiet"] = state["quiet"] + 1 if count == state["last"] else 0
            state["last"] = count
            return state["quiet"] > 2 * GIVE_UP + 16

        with suppress(RuntimeError):
            world.wait(is_over, PATIENCE, between=lambda: self.nudge(world))


class Postfix(Server):
    packages = ["postfix"]

    def configure(self, world):
        world.write(
            "/etc/postfix/main.cf",
            f"""\
compatibility_level = 3.6
myhostname = relay.example
mydestination =
inet_interfaces = {names.RELAY}
inet_protocols = ipv4
mynetworks = {names.ODOO}/32
maillog_file = /var/log/postfix.log
delay_warning_time = {WARN}s
maximal_queue_lifetime = {GIVE_UP}s
bounce_queue_lifetime = {GIVE_UP}s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
""",
        )
        # Postfix's own start script copies what its jailed daemons read
        world.path("/var/spool/postfix/etc").mkdir(exist_ok=True)
        for name in ("resolv.conf", "hosts", "services"):
            world.write(f"/var/spool/postfix/etc/{name}", _text(world, f"/etc/{name}"))

    def start(self, world):
        world.run("postfix", "start")
        world.wait_for_port(names.RELAY)

    def nudge(self, world):
        world.run("postqueue", "-f")


class Exim(Server):
    packages = ["exim4-daemon-heavy"]

    def configure(self, world):
        world.write(
            "/etc/exim4/exim4.conf",
            f"""\
primary_hostname = relay.example
local_interfaces = {names.RELAY}
domainlist local_domains =
acl_smtp_rcpt = accept_all
dsn_advertise_hosts = *
delay_warning = {WARN}s:1d
tls_advertise_hosts =
begin acl
accept_all:
  accept
begin routers
dnslookup:
  driver = dnslookup
  transport = remote_smtp
  no_more
begin transports
remote_smtp:
  driver = smtp
  hosts_try_chunking =
begin retry
* * F,{GIVE_UP}s,2s
""",
            0o640,
            "root:Debian-exim",
        )

    def start(self, world):
        world.start("exim4", "-bdf", "-q1s")
        world.wait_for_port(names.RELAY)


class OpenSmtpd(Server):
    packages = ["opensmtpd"]

    def configure(self, world):
        world.write(
            "/etc/smtpd.conf",
            f"""\
bounce warn-interval {WARN}s
queue ttl {GIVE_UP}s
listen on {names.RELAY} hostname relay.example
action "relay" relay helo relay.example
match from any for any action "relay"
""",
        )
        world.write("/etc/mailname", "relay.example\n")

    def start(self, world):
        world.start("smtpd", "-dv")
        world.wait_for_port(names.RELAY)

    def nudge(self, world):
        world.run("smtpctl", "schedule", "all", check=False)


class Sendmail(Server):
    packages = ["sendmail-bin", "sendmail-cf", "m4"]

    def configure(self, world):
        world.write(
            "/etc/mail/world.mc",
            f"""\
include(`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(`debian')
define(`confDOMAIN_NAME', `relay.example')
define(`confTO_QUEUEWARN', `{WARN}s')
define(`confTO_QUEUERETURN', `{GIVE_UP}s')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')
FEATURE(`no_default_msa')
FEATURE(`promiscuous_relay')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp, Addr={names.RELAY}')
MAILER(`local')
MAILER(`smtp')
""",
        )
        cf = world.run("m4", "/etc/mail/world.mc").stdout
        world.write("/etc/mail/sendmail.cf", cf)
        world.write("/etc/mail/local-host-names", "")
        world.write("/etc/mail/aliases", "")
        # Its queue belongs to its own user, and where the kernel keeps root from what others own, root fails there
        world.run("sh", "-c", "chown root:smmta /var/spool/mqueue; chmod 2750 /var/spool/mqueue")
        world.run("newaliases", check=False)

    def start(self, world):
        world.run("/usr/sbin/sendmail-mta", "-bd", "-q2s")
        world.wait_for_port(names.RELAY)

    def nudge(self, world):
        world.run("/usr/sbin/sendmail-mta", "-q", check=False)


class Courier(Server):
    packages = ["courier-mta", "netbase"]

    def configure(self, world):
        for name, value in {
            "me": "relay.example",
            "defaultdomain": "relay.example",
            "dsnfrom": "mailer-daemon@relay.example",
            "locals": "relay.example",
            "warntime": f"{WARN}s",
            "queuetime": f"{GIVE_UP}s",
            "retryalpha": "1s",
            "retrybeta": "1s",
            "retrygamma": "1s",
            "retrymaxdelta": "0",
            "esmtpacceptmailfor": "relay.example",
        }.items():
            world.write(f"/etc/courier/{name}", f"{value}\n")
        # All addresses of this world are of one machine, which Courier takes for a loop unless it is told the way
        routes = {domain: names.HOSTS[host] for domain, host in names.MAIL.items() if host}
        lines = [f"{domain}:[{address}]" for domain, address in routes.items()]
        world.write("/etc/courier/esmtproutes", "\n".join([*lines, ""]))
        world.write("/etc/courier/smtpaccess/default", f"{names.ODOO}\tallow,RELAYCLIENT\n", owner="courier:courier")
        esmtpd = _text(world, "/etc/courier/esmtpd")
        lines = [line for line in esmtpd.splitlines() if not line.startswith(("ADDRESS=", "BOFHCHECKDNS="))]
        world.write("/etc/courier/esmtpd", "\n".join([*lines, f"ADDRESS={names.RELAY}", "BOFHCHECKDNS=0", ""]))

    def start(self, world):
        world.run("makesmtpaccess", check=False)
        world.run("makealiases", check=False)
        world.run("courier", "start")
        world.run("esmtpd", "start")
        world.wait_for_port(names.RELAY)

    def nudge(self, world):
        world.run("courier", "flush", check=False)


class Dma(Server):
    """No daemon: its `sendmail` takes a mail, and one that keeps its queue is asked to look at it again."""

    packages = ["dma"]
    aged = False

    def configure(self, world):
        world.write("/etc/dma/dma.conf", "MAILNAME relay.example\n")

    def start(self, world):
        pass

    def submit(self, world, mail, recipient, notify):
        world.run("/usr/sbin/sendmail", "-f", "bounce@odoo.example", recipient, input=mail, check=False)

    def nudge(self, world):
        """Once: its processes, each of which sleeps for minutes, begin anew and find their mails days old."""
        if not self.aged and world.age > WARN:
            self.aged = True
            world.end_all("sendmail")
            world.run("sh", "-c", "touch -d '6 days ago' /var/spool/dma/[MQ]*", check=False)
            world.run("/usr/sbin/sendmail", "-q", check=False)


class Nullmailer(Server):
    packages = ["nullmailer"]

    def configure(self, world):
        for name, value in {
            "defaulthost": "relay.example",
            "remotes": "mx.people.example smtp",
            "pausetime": "1",
            "maxpause": "1",
            "queuelifetime": str(GIVE_UP),
        }.items():
            world.write(f"/etc/nullmailer/{name}", f"{value}\n")

    def start(self, world):
        world.run("sh", "-c", "mkfifo -m 622 /var/spool/nullmailer/trigger; chown mail: /var/spool/nullmailer/trigger")
        world.start("nullmailer-send", user="mail")

    def submit(self, world, mail, recipient, notify):
        world.run("nullmailer-inject", "-f", "bounce@odoo.example", recipient, input=mail, check=False)


def _text(world, name):
    return world.path(name).read_text()


SERVERS = [Postfix, Exim, OpenSmtpd, Sendmail, Courier, Dma, Nullmailer]
