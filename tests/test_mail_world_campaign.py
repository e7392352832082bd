"""All that real mail programs sent back (docs/mail_world.md), through Odoo's gateway, in a running campaign."""

from company import EXECUTION_CRON
from mail_world_kept import Campaign, read_expected, read_kept
from modules import run_cron

# What becomes of a mail, by its new events and their kinds
EVENTS = {
    "hard bounce": {"bounce", "hard"},
    "soft bounce": {"bounce", "soft"},
    "complaint": {"complaint"},
    "reply": {"reply"},
    "read": {"open"},
    "automatic answer": {"auto_answer"},
    "accepted": {"sent"},
    "nothing": set(),
}
TRIGGERS = {
    "hard bounce": ("mail_bounce", {"bounce_type": "hard"}),
    "soft bounce": ("mail_bounce", {"bounce_type": "soft"}),
    "complaint": ("mail_complaint", {}),
    "reply": ("mail_reply", {}),
}


def name_of(events):
    """:return: what became of a mail, by its new events; a reply implies that it was opened"""
    together = set().union(*events) - {"person"}
    if "reply" in together:
        together.discard("open")
    return next((becomes for becomes, names in EVENTS.items() if names == together), repr(together))


def test_every_message_in_a_campaign(company):
    """Each is handed in as by a mail server, in the order in which they came: its events, and the steps that ran."""
    campaign = Campaign(company, TRIGGERS)
    kept, expected = read_kept(), read_expected()
    message_ids = campaign.start(kept)
    found = {}
    for message in kept:
        before = len(campaign.events(message.tried))
        campaign.hand_in(message.about(message_ids[message.tried]))
        found[message.name] = name_of(campaign.events(message.tried)[before:])
    wrong = {name: (becomes, expected[name]) for name, becomes in found.items() if becomes != expected[name]}
    assert not wrong, wrong
    run_cron(company, EXECUTION_CRON)
    tried = {message.name: message.tried for message in kept}
    for becomes in TRIGGERS:
        assert campaign.done(becomes) == {tried[name] for name, what in expected.items() if what == becomes}, becomes
    assert " ERROR " not in company.log()
