"""The mail catcher: the mail-devel package takes every mail of the demo, in memory, and shows it on a page."""

import importlib.util
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .console import Problem
from .paths import DEV, LOGS
from .ports import LOOPBACK, free_port, wait_for_port
from .processes import background

SMTP_PORT = 8025
WEB_PORT = 8026
PAGE = DEV / "mail-page"


@dataclass(frozen=True)
class MailCatcher:
    smtp_port: int
    web_port: int

    @property
    def url(self):
        return f"http://{LOOPBACK}:{self.web_port}"


@contextmanager
def mail_catcher():
    """Run a mail catcher while the block lasts; its usual ports give way to free ones when they are taken."""
    catcher = MailCatcher(free_port(SMTP_PORT), free_port(WEB_PORT))
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / "mail-catcher.log").open("wb") as log:
        command = [
            *(sys.executable, "-m", "mail_devel", "--host", LOOPBACK, "--gen-password"),
            *("--smtp-port", str(catcher.smtp_port), "--http-port", str(catcher.web_port)),
            *("--imap-port", str(free_port()), "--devel", str(_page())),
        ]
        with background(command, stdout=log, stderr=log) as process:
            if not all(wait_for_port(port, process) for port in (catcher.smtp_port, catcher.web_port)):
                raise Problem(f"the mail catcher does not start: see {log.name}")
            yield catcher


def _page():
    """Copy the package's page with one change: links open in a new tab, not inside the small frame of the mail.

    :return: the folder, for the package's own option to serve another page
    """
    package = Path(importlib.util.find_spec("mail_devel").submodule_search_locations[0])
    shutil.copytree(package / "resources", PAGE, dirs_exist_ok=True)
    script = PAGE / "main.js"
    frame = '.srcdoc = data?.body_html || ""'
    source = script.read_text()
    if frame not in source:
        raise Problem("the page of mail-devel has changed: adapt tools/mail_catcher.py")
    script.write_text(source.replace(frame, """.srcdoc = `<base target="_blank">${data?.body_html || ""}`"""))
    return PAGE
