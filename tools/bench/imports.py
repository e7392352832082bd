"""An import of contacts while campaigns wait for events of contacts, beside the same without our hooks."""

from contextlib import contextmanager

from .campaigns import NOTHING, clear, make_action, make_activity, make_campaign
from .laps import administrator, alternate, lap
from .lines import at_least, line

FIELDS = ["name", "email", "phone", "city"]
EVENTS = [{"event_kind": "created"}, {"event_kind": "changed", "event_field": "phone"}, {"event_kind": "tag"}]
HOOKS = ("create", "write", "_compute_field_value")


def measure(registry, size, runs):
    """Import so many contacts by load(), as the importer of Odoo does, in one transaction."""
    with administrator(registry) as env:
        clear(env)
        campaign = make_campaign(env, size)
        campaign.entry_ids = [(5,), *((0, 0, {"entry_type": "event", **event}) for event in EVENTS)]
        make_activity(campaign, "action", server_action_id=make_action(env, **NOTHING).id)
        campaign.action_start_campaign()
        env.cr.commit()
    rows = [[f"Import {i}", f"import{i}@bench.example.com", f"+1416{i:07}", "Importville"] for i in range(size)]

    def ours():
        with administrator(registry) as env, lap() as time:
            _load(env, rows)
            env.cr.commit()
        with administrator(registry) as env:
            asked = env["marketing.entry.request"].sudo().search_count([])
            assert asked >= size, f"of {size} imported contacts, campaigns were told of {asked}"
        return time

    def without():
        with administrator(registry) as env, _without_hooks(), lap() as time:
            _load(env, rows)
            env.cr.commit()
        return time

    for side in (ours, without):  # fills the caches
        _forget(registry)
        side()
    laps, others = alternate(runs, ours, without, lambda: _forget(registry))
    return [
        line(
            name,
            "contacts per second",
            [size / getattr(one, clock) for one in laps],
            [size / getattr(one, clock) for one in others],
            target=at_least("ratio", 1 / 1.15),
            notes={"queries added": laps[-1].queries - others[-1].queries},
        )
        for name, clock in (("import beside events", "seconds"), ("import beside events, on a processor", "processor"))
    ]


def _load(env, rows):
    messages = env["res.partner"].load(FIELDS, rows)["messages"]
    assert not messages, messages


@contextmanager
def _without_hooks():
    """Have whatever creates or changes a record pass by where events are seen."""
    from odoo.addons.marketing_automation_base_automation.models.base import Base

    hooks = {name: Base.__dict__[name] for name in HOOKS}
    for name in hooks:
        delattr(Base, name)
    try:
        yield
    finally:
        for name, hook in hooks.items():
            setattr(Base, name, hook)


def _forget(registry):
    with administrator(registry) as env:
        env.cr.execute("DELETE FROM marketing_entry_request")
        env.cr.execute("DELETE FROM res_partner WHERE city = 'Importville'")
        env.cr.commit()
