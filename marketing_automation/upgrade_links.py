"""What the upgrade to 19.0.1.0.1 does for the links of campaigns' emails; those that were sent go on counting."""

import re
from urllib.parse import urlsplit

from lxml import html

from odoo.tools import split_every
from odoo.tools.mail import is_html_empty

AT_ONCE = 500  # mails, whose texts are in memory together
# A short link that Odoo made of one in a mail: it writes them so.
SHORT_LINK = re.compile(r"""(?P<start><a\b[^<>]*?\bhref="[^"<>]*/r/)(?P<code>[^\s"/?#<>]+)(?=")""")
OTHER_PATHS = ("/unsubscribe_from_list", "/view", "/cards")


def set_confirm_urls(env):
    """Tell each email with Confirm Clicks which of its links confirms: until 19.0.1.0.0 each did.

    The page that says thank you, else the one link that it has, else its one button.

    :return: the running marketing.campaign that were stopped, since a person must say it
    """
    mailings = env["mailing.mailing"].with_context(active_test=False).search([("marketing_confirm_click", "=", True)])
    campaigns = env["marketing.campaign"]
    for mailing in mailings.filtered(lambda mailing: mailing._get_confirm_errors()):
        links, buttons = _get_candidates(mailing)
        [mailing.marketing_confirm_url] = (
            links if len(links) == 1 else buttons if len(buttons) == 1 else [mailing.marketing_confirm_url]
        )
        campaign = mailing.marketing_campaign_id
        reasons = mailing.with_context(lang=campaign.run_as_id.lang)._get_confirm_errors()
        if reasons and campaign.state == "running":
            campaign._stop_for(reasons[0])
            campaigns += campaign
    return campaigns


def _get_candidates(mailing):
    """Return where the links of an email lead that may confirm, and those of them that are buttons."""
    if is_html_empty(mailing.body_html):
        return set(), set()
    links, buttons = set(), set()
    for link in html.fromstring(str(mailing.body_html)).iter("a"):
        href = (link.get("href") or "").strip()
        is_web = href.startswith("/") or urlsplit(href).scheme in ("http", "https")
        if not is_web or urlsplit(href).path in OTHER_PATHS:
            continue
        links.add(href)
        if "btn" in (link.get("class") or "").split():
            buttons.add(href)
    return links, buttons


def mark_queued_links(env):
    """Mark the links of the campaigns' mails that were composed before, and may still be sent.

    Only what is marked is signed as a mail is sent.

    :return: how many mails
    """
    waiting = [("marketing_trace_id", "!=", False), ("state", "in", ("outgoing", "exception"))]
    mails = env["mail.mail"].search(waiting)
    codes = env["link.tracker.code"].search([("link_id.mass_mailing_id", "in", mails.mailing_id.ids)])
    marks = {(code.link_id.mass_mailing_id.id, code.code): code.link_id._get_mark() for code in codes}
    env.invalidate_all()
    for ids in split_every(AT_ONCE, mails.ids):
        for mail in env["mail.mail"].browse(ids):

            def mark(match, mailing_id=mail.mailing_id.id):
                return match[0] + marks.get((mailing_id, match["code"]), "")

            body = SHORT_LINK.sub(mark, mail.body_html or "")
            if body != mail.body_html:
                mail.body_html = body
        env.flush_all()
        env.invalidate_all()
    return len(mails)


def part_shared_sources(env):
    """Give a source of their own to mailings that have that of a campaign's template.

    Odoo finds the links of a mailing by its source. Up to 19.0.1.0.1 any user of Email Marketing could take one.

    :return: the mailing.mailing that got a new source; of several templates the first keeps its own
    """
    mailings = env["mailing.mailing"].with_context(active_test=False)
    templates = mailings.search([("marketing_campaign_id", "!=", False)], order="id")
    others = mailings.search([("source_id", "in", templates.source_id.ids)], order="id")
    parted = mailings.browse()
    for source, sharing in others.grouped("source_id").items():
        owner = (sharing & templates)[:1]
        for mailing in sharing - owner:
            mailing.source_id = env["utm.source"].create({"name": source.name})  # with a number behind it
            parted += mailing
    return parted
