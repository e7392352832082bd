"""bin/fresh-machine: the README's own words, followed on a bare Debian by a plain user.

The Debian is made with debootstrap in a folder and entered with chroot, in namespaces of its own: whatever still
runs in it or is mounted there goes when the command ends. It shares the network, and what this machine trusts, with
us. Only what is committed is tried.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ..console import Problem, guarded, run_logged, say, step
from ..debian import KEYRING, Archive, machine_archive
from ..paths import DEV, ROOT
from ..ports import free_port
from ..signals import raise_on_end

SUITES = ["bookworm", "trixie"]  # Debian 12 with Python 3.11, Debian 13 with Python 3.13
USER = "plain"
CLONE = f"/home/{USER}/marketing_automation"
NETWORK = ["/etc/resolv.conf", "/etc/hosts"]
APT_HABITS = re.compile(r"Acquire::(https?|Check)\b")  # proxies, and how old a mirror's lists may be
TRUSTED = "/usr/local/share/ca-certificates"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
APART = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
MOUNT = 'mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; exec chroot "$@"'

# What a newcomer does: looks at the demo, ends it, runs the tests. Background jobs of sh ignore Ctrl-C, so TERM it is.
NEWCOMER = """
cd "$0"
port=$1; shift
bin/run --port "$port" & run=$!
until python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/web/login')" 2>/dev/null; do
    kill -0 $run || exit
    sleep 1
done
kill -TERM $run
wait $run || test $? = 143
bin/test "$@"
"""


def main(arguments):
    options, pytest_arguments = parse(arguments)
    if os.geteuid() != 0:
        raise Problem("a Debian in a folder needs root: chroot, mounts and its own users")
    machine = DEV / f"fresh-{options.suite}"
    make(machine, options.suite)
    install(machine, readme_packages((ROOT / "README.md").read_text()))
    add_clone(machine)
    say(f"- {options.suite}: bin/run, then bin/test {' '.join(pytest_arguments)}")
    code = run_until_end(enter(machine, USER, "sh", "-euc", NEWCOMER, CLONE, str(free_port()), *pytest_arguments))
    if code:
        raise Problem(f"failed on {options.suite} (exit code {code}); the machine is left in {machine} to look into")
    shutil.rmtree(machine)
    say(f"{options.suite}: both commands pass")
    return 0


def run_until_end(command):
    """Run a command of the machine; should we be asked to end, so does all in it, which no other signal reaches.

    :return: its exit code
    """
    process = subprocess.Popen(command, process_group=0)
    try:
        return process.wait()
    finally:
        # The first process of the machine is of this group, too; that it changes its user has it outlive its parent.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bin/fresh-machine", description="Run bin/run and bin/test on a bare Debian, as a plain user (needs root)."
    )
    parser.add_argument("suite", nargs="?", choices=SUITES, default=SUITES[0], help="default: %(default)s")
    return parser.parse_known_args(arguments)


def readme_packages(readme):
    """:return: the packages that the README asks for beforehand"""
    match = re.search(r"^apt-get install ([^#\n]+)", readme, re.MULTILINE)
    if not match:
        raise Problem("README.md does not say any more what to install with apt-get")
    return match[1].split()


def make(machine, suite):
    """Make a minimal Debian in the folder, anew, from the archive that this machine uses."""
    tool = DEV / "debootstrap"
    archive = Archive(DEV / "debootstrap.apt")
    with step("debootstrap: fetching"):
        archive.update()
        archive.download(["debootstrap"])
        archive.unpack(tool)
    shutil.rmtree(archive.folder)
    shutil.rmtree(machine, ignore_errors=True)
    with step(f"{suite}: making"):
        script = tool / "usr/sbin/debootstrap"
        command = [*APART, script, "--variant=minbase", f"--keyring={KEYRING}", suite, machine, machine_archive()]
        run_logged("debootstrap", command, env={**os.environ, "DEBOOTSTRAP_DIR": str(tool / "usr/share/debootstrap")})
    for path in NETWORK:
        shutil.copy(path, f"{machine}{path}")
    settings = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout.splitlines()
    habits = "\n".join(filter(APT_HABITS.match, settings))
    (machine / "etc/apt/apt.conf.d/90machine").write_text(f"{habits}\n")


def install(machine, packages):
    """Install as root what the README says, and trust whom this machine trusts."""
    with step(f"apt-get install {' '.join(packages)}"):
        run_logged("fresh-apt", enter(machine, "root", "apt-get", "install", "-y", *packages))
        if Path(TRUSTED).is_dir():
            shutil.copytree(TRUSTED, f"{machine}{TRUSTED}", dirs_exist_ok=True)
        run_logged("fresh-certificates", enter(machine, "root", "update-ca-certificates"))
        run_logged("fresh-user", enter(machine, "root", "useradd", "--create-home", USER))


def add_clone(machine):
    run_logged("fresh-clone", ["git", "clone", "--no-hardlinks", ROOT, f"{machine}{CLONE}"])
    run_logged("fresh-owner", enter(machine, "root", "chown", "-R", f"{USER}:", CLONE))


def enter(machine, user, *command):
    """:return: the command that runs another one in the machine, with nothing of our own environment"""
    home = "/root" if user == "root" else f"/home/{user}"
    variables = [f"HOME={home}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
    variables += [f"PIP_CERT={CERTIFICATES}", f"NODE_EXTRA_CA_CERTS={CERTIFICATES}"]
    as_user = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--", "env", "-i", *variables]
    return [*APART, "sh", "-euc", MOUNT, machine, machine, *as_user, *command]


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
