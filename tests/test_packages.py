"""Each addon as a wheel, installed with pip beside Odoo, and found there without any addons path of ours."""

import os
import re
import subprocess
import sys
import sysconfig
from email.parser import HeaderParser
from zipfile import ZipFile

import pytest

from odoo.modules.module import Manifest

from tools import addons
from tools.odoo_source import odoo_source
from tools.paths import ODOO_CONF, ROOT
from tools.test_databases import BASE, run_database
from tools.workspace import workspace

MAIN = "odoo-addon-marketing_automation"
NEEDS = {
    "marketing_automation": ["odoo==19.0.*"],
    "marketing_automation_base_automation": [f"{MAIN}==19.0.*", "odoo==19.0.*"],
    "marketing_automation_crm": [f"{MAIN}==19.0.*", "odoo==19.0.*"],
    "marketing_automation_sms": [f"{MAIN}==19.0.*", "odoo==19.0.*"],
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """:return: the folder with a wheel of each addon"""
    folder = tmp_path_factory.mktemp("wheels")
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, *addons.addons())
    return folder


@pytest.fixture
def environment(tmp_path):
    """:return: the Python of a new environment, which has Odoo and its libraries, as pip would have put them there"""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    beside = [sysconfig.get_path("purelib"), odoo_source().home]
    (packages / "beside.pth").write_text("\n".join(map(str, beside)))
    odoo = packages / "odoo-19.0.dist-info"
    odoo.mkdir()
    (odoo / "METADATA").write_text("Metadata-Version: 2.1\nName: odoo\nVersion: 19.0\n")
    return folder / "bin/python"


def pip(*arguments):
    run_alone(sys.executable, "-m", "pip", *arguments)


def run_alone(*command):
    """Run a program that finds nothing but what its environment holds."""
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, check=True, env=variables, cwd=ROOT.anchor)


@pytest.mark.parametrize("name", NEEDS)
def test_wheel_says_what_the_manifest_says(wheels, name):
    manifest = Manifest.for_addon(name)
    [wheel] = wheels.glob(f"odoo_addon_{name}-*.whl")
    with ZipFile(wheel) as archive:
        files = archive.namelist()
        [path] = [file for file in files if file.endswith(".dist-info/METADATA")]
        metadata = HeaderParser().parsestr(archive.read(path).decode())
    assert (metadata["Name"], metadata["Version"]) == (f"odoo-addon-{name}", manifest["version"])
    assert metadata["Summary"] == manifest["summary"]
    assert metadata["License"] == "LGPL-3"
    assert sorted(metadata.get_all("Requires-Dist")) == NEEDS[name]
    description = (ROOT / name / "static/description/index.html").read_text()
    pictures = re.findall(r'<img src="([^"]+)"', description)
    assert pictures
    for file in ("__manifest__.py", *(f"static/description/{file}" for file in ("index.html", "icon.png", *pictures))):
        assert f"odoo/addons/{name}/{file}" in files


def test_addons_are_installed_from_their_wheels(wheels, environment):
    """The addon for SMS brings the main one along; Odoo finds both in the environment alone."""
    into = ["--python", environment, "install", "--no-index", "--find-links", wheels]
    pip(*into, "odoo-addon-marketing_automation_sms")
    with workspace() as space, run_database(space, BASE) as (database, _template):
        path = ",".join(map(str, space.source.addons_paths))
        run_alone(
            *(environment, "-m", "odoo", "-c", ODOO_CONF, "-d", database, "--addons-path", path),
            *("-i", "marketing_automation", "--stop-after-init", "--no-http", "--max-cron-threads=0"),
        )
        query = "SELECT name, state FROM ir_module_module WHERE name LIKE 'marketing_automation%%'"
        states = dict(space.databases.query(database, query))
    assert states["marketing_automation"] == states["marketing_automation_sms"] == "installed"
    assert states["marketing_automation_crm"] != "installed"
