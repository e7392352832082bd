"""One program in a small world of its own: its network, its names, and a Debian to which nothing that it does sticks.

The process runs as the first one in namespaces that `bin/mail-world` makes: all that it starts ends with it.
"""

import hashlib
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from pathlib import Path

from . import names, peers

CAMPAIGN = Path(__file__).resolve().parents[2] / "tests/mail_world/campaign.eml"
SENDER = "bounce@odoo.example"
STAMP = re.compile(r"<(\d+)\.\d+\.\d+-openerp-")  # of Odoo's Message-Ids
MESSAGE_ID = re.compile(r"^Message-Id: (<.+>)$", re.MULTILINE)
SILENCERS = ("Precedence", "X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TERM": "xterm", "HOME": "/root"}
ADDRESSES = re.compile(r"[\w.+-]+@[\w.-]+\.example")


class World:
    """`root` is the Debian, `kept` the folder of what reached Odoo's mail server."""

    def __init__(self, base, layer, folder, host):
        self.root, self.kept = Path(folder) / "root", Path(folder) / "kept"
        self.born = time.monotonic()
        self.sent = {}  # what is tried -> the number in its Message-Id
        self.tried = {}  # what is tried -> its recipient and its Message-Id
        shutil.rmtree(self.kept, ignore_errors=True)
        self.kept.mkdir(parents=True)
        self.root.mkdir(exist_ok=True)
        socket.sethostname(host)
        _network()
        self._mount(base, layer, Path(folder) / "scratch")
        self.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        self.write("/etc/hosts", f"127.0.0.1 localhost\n{names.HOSTS[host]} {host}\n")
        self.write("/etc/hostname", f"{host}\n")
        self.write("/etc/mailname", f"{host}\n")
        names.serve()
        self.keeper = peers.start_keeper(self.kept)

    def _mount(self, base, layer, scratch):
        scratch.mkdir(exist_ok=True)
        _call("mount", "-t", "tmpfs", "tmpfs", scratch)
        for name in ("upper", "work"):
            (scratch / name).mkdir()
        options = f"lowerdir={layer}:{base},upperdir={scratch}/upper,workdir={scratch}/work"
        _call("mount", "-t", "overlay", "overlay", "-o", options, self.root)
        _call("mount", "--rbind", "/dev", self.root / "dev")
        _call("mount", "-t", "proc", "proc", self.root / "proc")
        _call("mount", "-t", "proc", "proc", "/proc")

    # ------------------------------------------------------------
    # The machine
    # ------------------------------------------------------------

    def path(self, name):
        return self.root / name.lstrip("/")

    def write(self, name, text, mode=0o644, owner=None):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        path.write_text(text)
        path.chmod(mode)
        if owner:
            self.run("chown", owner, name)

    def run(self, *command, user=None, check=True, **options):
        """Run a program of the Debian to its end.

        :param user: as whom; by default as root
        :return: subprocess.CompletedProcess, with what it said
        """
        result = subprocess.run(
            self._command(command, user), env=ENVIRONMENT, capture_output=True, text=True, timeout=120, **options
        )
        if check and result.returncode:
            raise RuntimeError(f"{command}: {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result

    def start(self, *command, user=None):
        """Start a program that stays until the world ends; what it says goes into a log of the Debian."""
        log = self.path("/var/log/mail-world.log").open("ab")
        return subprocess.Popen(
            self._command(command, user), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def _command(self, command, user):
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"] if user else []
        return ["chroot", str(self.root), *as_user, *map(str, command)]

    @property
    def age(self):
        """Seconds since it was made."""
        return time.monotonic() - self.born

    def end_all(self, name):
        """End the processes of this world that are called so."""
        for path in Path("/proc").glob("[0-9]*/comm"):
            if path.read_text().strip() == name:
                os.kill(int(path.parent.name), signal.SIGKILL)

    def add_user(self, name):
        self.run("useradd", "--create-home", "--shell", "/bin/sh", name)

    def version(self, package):
        return self.run("dpkg-query", "-W", "-f", "${Version}", package).stdout

    def wait_for_port(self, address, port=25, seconds=30):
        def answers():
            with socket.socket() as probe:
                probe.settimeout(1)
                return probe.connect_ex((address, port)) == 0

        self.wait(answers, seconds, f"{address}:{port}")

    def wait(self, condition, seconds, what="", between=lambda: None):
        """Wait until something holds; `between` is done meanwhile, again and again."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"not within {seconds} s: {what}")
            between()
            time.sleep(0.5)

    # ------------------------------------------------------------
    # Mails
    # ------------------------------------------------------------

    def campaign_mail(self, tried, recipient, silenced=True):
        """:param tried: what is tried with it, by which what comes back is known

        :param silenced: with what keeps answering machines silent, as Odoo sends it
        :return: the mail of the campaign to this recipient, a Message-Id of its own
        """
        text = CAMPAIGN.read_text()
        local, _at, domain = recipient.partition("@")
        text = text.replace("recipient@people.example", recipient)
        text = re.sub(r"recipient(=40|%40|=2540)people(\.|=2E)example", rf"{local}\1{domain}", text)
        number = str(int(hashlib.sha256(recipient.encode() + tried.encode()).hexdigest()[:12], 16)).zfill(15)[:15]
        text = text.replace(STAMP.search(text)[1], number)
        self.tried[tried] = {"recipient": recipient, "message_id": MESSAGE_ID.search(text)[1]}
        if not silenced:
            head, _empty, body = text.partition("\n\n")
            fields = re.split(r"\n(?![ \t])", head)
            head = "\n".join(field for field in fields if field.partition(":")[0] not in SILENCERS)
            text = f"{head}\n\n{body}"
        self.sent[tried] = number
        return text

    def submit(self, mail, recipient, server, source=names.ODOO, notify=""):
        """Hand a mail to a mail server of this world, as Odoo's does.

        :param notify: "SUCCESS" asks for a report of success
        """
        with smtplib.SMTP(server, 25, "mx.odoo.example", timeout=60, source_address=(source, 0)) as smtp:
            smtp.ehlo_or_helo_if_needed()
            options = [f"NOTIFY={notify}"] if notify and smtp.has_extn("dsn") else []
            smtp.sendmail(SENDER, [recipient], mail.replace("\n", "\r\n"), rcpt_options=options)

    def arrivals(self):
        """:return: what came so far: pairs of what it answers (None: not known) and its text."""
        found = []
        for path in sorted(self.kept.glob("*.eml")):
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            tried = [name for name, number in self.sent.items() if number in text]
            found.append((tried[0] if tried else self._by_address(text), text))
        return found

    def _by_address(self, text):
        """A message that quotes no Message-Id is known by the address whose mail it answers."""
        mentioned = {re.split(r"[.+]", address.partition("@")[0])[0] for address in ADDRESSES.findall(text)}
        named = [name for name in self.sent if any(f"{local}-".startswith(f"{name}-") for local in mentioned)]
        return max(named, key=len, default=None)


def _network():
    _call("ip", "link", "set", "lo", "up")
    for address in sorted({*names.HOSTS.values()}):
        _call("ip", "address", "add", f"{address}/32", "dev", "lo")


def _call(*command):
    subprocess.run([str(part) for part in command], check=True)
