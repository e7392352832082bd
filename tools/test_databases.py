"""The databases that tests run on: templates made once, and a clone for each run.

- base: the modules that our addons and their tests need; remade when that list changes
- installed: base and our addons; remade when what they put in a database changes
- wide: installed, and what people have beside it, for wide_set; remade when installed is
- run: a clone of one of them, named by its process; dropped at the end
"""

import hashlib
import os
from contextlib import ExitStack, contextmanager

from . import addons, wide_set
from .child import run_child
from .console import step
from .databases import filestore
from .locks import exclusive
from .paths import DEV
from .signals import undisturbed

# What the addons depend on, and Odoo's own test models and helpers for it.
BASE_MODULES = [
    "base_automation",
    "hr_recruitment",
    "mass_mailing_crm",
    "mass_mailing_event",
    "mass_mailing_sms",
    "test_lint",
    "test_mail_full",
    "test_mass_mailing",
]
PREFIX = "marketing_automation_"
BASE, INSTALLED, WIDE, RUN = (f"{PREFIX}{kind}_" for kind in ("base", "installed", "wide", "run"))
# What pages load. Odoo would make them anew in each clone, and in each test that is rolled back: some ten seconds.
BUNDLES = [
    "web.assets_web",
    "web.assets_web_print",
    "web.assets_backend_lazy",
    "web.assets_frontend",
    "web.assets_frontend_minimal",
    "web.assets_frontend_lazy",
    "web.assets_tests",
]
DATABASES = "TEST_DATABASES"  # in the environment of the tests: those of their processes, with commas between


@contextmanager
def run_database(space, kind=INSTALLED, number=0):
    """Give the names of a fresh database and of the template that it was cloned from.

    :param kind: BASE, INSTALLED or WIDE, see above
    :param number: which one of this process
    """
    databases = space.databases
    name = f"{RUN}{os.getpid()}_{number}_{kind.removeprefix(PREFIX).rstrip('_')}"
    with ExitStack() as needed:
        template = {BASE: _base_template, INSTALLED: _installed_template, WIDE: _wide_template}[kind](space, needed)
        needed.enter_context(databases.in_use(name))
        databases.drop_unused(RUN)
        databases.drop(name)
        databases.clone(template, name)
        try:
            yield name, template
        finally:
            with undisturbed():
                databases.drop(name)


def _base_template(space, needed):
    home = os.path.relpath(space.source.home, DEV)  # the same in a checkout that has moved
    base = BASE + _digest(home, *BASE_MODULES)
    _make_template(space, needed, base, BASE, BASE_MODULES)
    return base


def _installed_template(space, needed):
    base = _base_template(space, needed)
    ours = [*addons.names(), *addons.test_names()]
    if not addons.names():
        return base
    installed = INSTALLED + _digest(base, addons.fingerprint(), *BUNDLES)
    _make_template(space, needed, installed, INSTALLED, ours, base, BUNDLES)
    return installed


def _wide_template(space, needed):
    installed = _installed_template(space, needed)
    wide = WIDE + _digest(installed, *wide_set.APPS)
    _make_template(space, needed, wide, WIDE, wide_set.APPS, installed)
    return wide


def _make_template(space, needed, name, kind, *what):
    """Make the template unless it is there; each kind has a lock of its own, for a test that needs another one.

    :param ExitStack needed: at whose end the template may go
    """
    with exclusive(DEV / f"{kind}template.lock", "waiting for another command that makes the test databases"):
        if name not in space.databases.names() or not filestore(name).exists():
            _install(space, name, kind, *what)
        needed.enter_context(space.databases.in_use(name))


def _install(space, name, kind, modules, origin=None, bundles=()):
    """Make a template, and drop what it replaces. Renamed at the end: what is there is whole."""
    databases = space.databases
    making = f"{name}_making"
    with step(f"Test database: installing {', '.join(modules)}"):
        databases.drop(making)
        if origin:
            databases.clone(origin, making)
        space.install(making, modules)
        if bundles:
            run_child(space, making, "test_databases:make_bundles", names=bundles)
    with databases.in_use(making, *([origin] if origin else [])):
        databases.drop_unused(kind)
    databases.drop(name)
    databases.rename(making, name)


def make_bundles(registry, names):
    """Have Odoo keep the scripts and styles of its pages in a database."""
    from odoo import SUPERUSER_ID
    from odoo.api import Environment

    with registry.cursor() as cr:
        templates = Environment(cr, SUPERUSER_ID, {})["ir.qweb"]
        for name in names:
            bundle = templates._get_asset_bundle(name)
            for kind in ("css", "js"):
                getattr(bundle, kind)()


def _digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
