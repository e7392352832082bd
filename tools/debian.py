"""Debian packages, downloaded and unpacked beside the system: no root, nothing installed."""

import re
import shutil
from pathlib import Path

from .console import Problem, run_logged

APT_FOLDER = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class Archive:
    """A private view of the Debian archive that this machine already uses, with its own lists and cache.

    :param folder: where lists and downloads go
    :param suites: the suites to read; without any, what the machine's own apt sources say
    """

    def __init__(self, folder, suites=()):
        for program in ("apt-get", "dpkg-deb"):
            if not shutil.which(program):
                raise Problem(f"{program} not found: Debian's packages can only be had on Debian and its kin")
        self.folder = folder
        self.packages = folder / "cache/archives"
        for place in (folder / "lists/partial", self.packages / "partial"):
            place.mkdir(parents=True, exist_ok=True)
        options = [
            f"Dir::State::Lists={folder / 'lists'}",
            f"Dir::Cache={folder / 'cache'}",
            "Acquire::Languages=none",
            "Acquire::Retries=3",
            "APT::Keep-Downloaded-Packages=true",
            "APT::Sandbox::User=root",  # matters to root only: the folder may be closed to apt's own user
            "Debug::NoLocking=true",  # nothing is installed, so a plain user needs no lock
        ]
        if suites:
            sources = folder / "sources.list"
            sources.write_text("".join(map(_source_line, suites)))
            options += [f"Dir::Etc::SourceList={sources}", "Dir::Etc::SourceParts=/dev/null"]
        self.apt = ["apt-get", "-q", *(f"-o{option}" for option in options)]

    def update(self):
        run_logged("apt-update", [*self.apt, "update"])

    def download(self, packages):
        """:param packages: names, each with a suite if it wants one: "fonts-font-awesome/bookworm"."""
        run_logged("apt-download", [*self.apt, "download", *packages], cwd=self.packages)

    def download_with_dependencies(self, package):
        """Download a package and all that it needs and this machine lacks."""
        run_logged("apt-download", [*self.apt, "install", "--download-only", "--no-install-recommends", "-y", package])

    def unpack(self, prefix):
        """Unpack everything that was downloaded below the folder `prefix`."""
        for package in sorted(self.packages.glob("*.deb")):
            run_logged("dpkg-deb", ["dpkg-deb", "-x", package, prefix])


def _source_line(suite):
    options = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    return f"deb {options}{machine_archive()} {suite} main\n"


def machine_suite():
    """:return: the code name of the Debian that runs here."""
    for line in Path("/etc/os-release").read_text().splitlines():
        key, _, value = line.partition("=")
        if key == "VERSION_CODENAME":
            return value.strip('"')
    return "sid"  # testing and unstable have no code name


def machine_archive():
    """:return: the URI of the Debian archive in the machine's own apt sources."""
    for uri, suite, components in _machine_sources():
        if "main" in components and "security" not in f"{uri} {suite}" and not uri.startswith(("cdrom:", "file:")):
            return uri
    raise Problem(f"no Debian archive found in the apt sources below {APT_FOLDER}")


def _machine_sources():
    """Yield (uri, suite, components) of the machine's binary sources, from both of apt's formats."""
    lists = [APT_FOLDER / "sources.list", *sorted((APT_FOLDER / "sources.list.d").glob("*.list"))]
    for path in filter(Path.exists, lists):
        for line in path.read_text().splitlines():
            match = re.match(r"deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)\s+(.+)", line.strip())
            if match:
                yield match[1], match[2], match[3].split()
    for path in sorted((APT_FOLDER / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            lines = [line for line in stanza.splitlines() if not line.startswith("#")]
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", "\n".join(lines), re.MULTILINE))
            fields = {key.lower(): value.split() for key, value in fields.items()}
            if "deb" in fields.get("types", []) and fields.get("enabled") != ["no"]:
                for uri in fields.get("uris", []):
                    for suite in fields.get("suites", []):
                        yield uri, suite, fields.get("components", [])
