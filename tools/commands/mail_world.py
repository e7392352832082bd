"""bin/mail-world: run the mail programs of Debian with a real campaign mail, and keep what comes back.

Each program is installed into a layer over one small Debian, and runs in namespaces of its own (network, processes,
mounts, host name): nothing reaches this machine or is reached from it, and all ends with the command.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

from ..console import Problem, guarded, run_logged, say, step
from ..mail_world.keeping import keep
from ..mail_world.programs import PROGRAMS
from ..paths import DEV, LOGS, ROOT
from ..signals import raise_on_end
from . import fresh_machine

FOLDER = DEV / "mail-world"
BY_ITSELF = "#!/bin/sh\nexit 101\n"  # Debian's way to keep packages from starting their services
INSTALL = """
hostname "$3"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount --rbind /dev "$2/root/dev"; mount -t proc proc "$2/root/proc"
exec chroot "$2/root" sh -euc 'apt-get update; apt-get install -y --no-install-recommends "$@"' - {packages}
"""
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive",
}
APART = [*fresh_machine.APART, "--net", "--uts", "--ipc"]


def main(arguments):
    options = parse(arguments)
    if os.geteuid() != 0:
        raise Problem("a Debian in a folder needs root: chroot, mounts and its own users")
    base = FOLDER / options.suite / "base"
    if not (base / "ready").exists():
        fresh_machine.make(base, options.suite)
        policy = base / "usr/sbin/policy-rc.d"
        policy.write_text(BY_ITSELF)
        policy.chmod(0o755)
        (base / "ready").touch()
    failed = [name for name in options.programs if not run(base, name)]
    if failed:
        raise Problem(f"failed: {', '.join(failed)}; see {LOGS.relative_to(ROOT)}")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bin/mail-world", description="Run real mail programs with a campaign's mail and keep what comes back."
    )
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"of {', '.join(PROGRAMS)}; default: all")
    parser.add_argument("--suite", default="bookworm", help="of Debian; default: %(default)s")
    options = parser.parse_args(arguments)
    unknown = set(options.programs) - set(PROGRAMS)
    if unknown:
        raise Problem(f"no program here is called {', '.join(sorted(unknown))}")
    options.programs = options.programs or list(PROGRAMS)
    return options


def run(base, name):
    """Run one program in its world and keep what came back.

    :return: whether that went well
    """
    folder = FOLDER / base.parent.name / name
    install(base, folder, PROGRAMS[name])
    (folder / "result.json").unlink(missing_ok=True)
    with step(f"{name}: running"):
        command = [*APART, sys.executable, "-m", "tools.mail_world.inside", name, base, folder / "upper", folder]
        with (LOGS / f"mail-world-{name}.log").open("wb") as log:
            process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, process_group=0)
            try:
                code = process.wait()
            finally:
                process.kill()
    if code:
        return False
    for line in keep(name, json.loads((folder / "result.json").read_text())):
        say(f"  {line}")
    return True


def install(base, folder, program):
    """Make the layer with a program's packages, unless it is there."""
    packages = program.packages
    mark = folder / "installed"
    if mark.exists() and mark.read_text().split() == packages:
        return
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(parents=True)
    with step(f"{folder.name}: installing"):
        script = INSTALL.format(packages=" ".join(packages))
        command = [*fresh_machine.APART, "--uts", "sh", "-euc", script, "-", base, folder, program.host]
        run_logged(f"mail-world-{folder.name}-apt", command, env=ENVIRONMENT)
    mark.write_text(" ".join(packages))


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
