"""bin/run: set up everything and serve the demo until Ctrl-C."""

import argparse
import sys
import time

from .. import demo_database
from ..console import Problem, guarded, say, step, telling_line
from ..mail_catcher import mail_catcher
from ..paths import LOGS, ROOT
from ..ports import LOOPBACK, is_free, wait_for_page
from ..processes import background
from ..signals import raise_on_end
from ..workspace import workspace

LONGEST_NAME = 63 - len(demo_database.MAKING)  # bytes; PostgreSQL cuts what is longer
LOOK_EVERY = 0.5  # seconds between two looks at whether all still runs


def main(arguments):
    options = parse(arguments)
    if not is_free(options.port):
        raise Problem(f"port {options.port} on {LOOPBACK} is in use: choose another one with --port")
    with workspace() as space:
        demo_database.prepare(space, options.db, options.demo, options.reset)
        demo_database.keep_mail_here(space, options.db)
        url = f"http://{LOOPBACK}:{options.port}"
        demo_database.set_base_url(space, options.db, url)
        with mail_catcher() as catcher:
            serve(space, options, url, catcher)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Start Odoo with the addons, demo data and a mail catcher."
    )
    parser.add_argument("--db", metavar="NAME", type=database_name, help="the database; made where it is missing")
    parser.add_argument(
        "--port", type=port_number, default=8069, help="Odoo's port on this machine (default: %(default)s)"
    )
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="make the database without demo data")
    parser.add_argument("--reset", action="store_true", help="drop the database and make it anew")
    options = parser.parse_args(arguments)
    options.db = options.db or ("marketing_automation_demo" if options.demo else "marketing_automation_empty")
    return options


def port_number(text):
    port = int(text)
    if not 0 < port < 2**16:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return port


def database_name(text):
    if len(text.encode()) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"{text} is longer than {LONGEST_NAME} bytes")
    return text


def serve(space, options, url, catcher):
    path = LOGS / "odoo.log"
    with path.open("wb") as log:
        command = space.odoo_command(
            *("-d", options.db, "--db-filter", f"^{options.db}$", "--no-database-list"),
            *("--http-port", str(options.port), "--smtp-port", str(catcher.smtp_port)),
        )
        with background(command, env=space.environment(), stdout=log, stderr=log) as odoo:
            with step("Odoo: starting"):
                started = wait_for_page(options.port, "/web/login", odoo)
            if started:
                say(f"\n  Odoo          {url}  (admin / admin)")
                say(f"  Mail catcher  {catcher.url}")
                say(f"  Odoo's log    {path.relative_to(ROOT)}")
                say("\n  Ctrl-C stops everything.\n")
            while odoo.poll() is None:
                time.sleep(LOOK_EVERY)
    raise Problem(f"Odoo ended by itself: {telling_line(path.read_text(errors='replace'))} [{path.relative_to(ROOT)}]")


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
