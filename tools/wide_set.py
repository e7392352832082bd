"""What people have beside the app, and which tests tell its main stories in a database with all of that.

`bin/test --wide` runs them; tests/test_wide_set.py tells one in `bin/test` too. They are chosen, since all tests
would take as long again: what no other app can stand in the way of runs without these alone.
"""

# Odoo's wide set, and what it brings by itself: invoicing, payment, stock of web pages, links between all of these
APPS = ("calendar", "event", "hr_recruitment", "survey", "website", "website_sale")
MAIN, SMS, CRM = (f"marketing_automation{name}/tests" for name in ("", "_sms", "_crm"))
# Each with what other apps put in its way
STORIES = {
    f"{MAIN}/test_story.py": "they send, receive and count mails too; the engine's queries pass their fields and rules",
    f"{MAIN}/test_start.py": "their constraints and defaults on contacts, as a campaign starts",
    f"{MAIN}/test_update.py": "the same, on a campaign that runs",
    f"{MAIN}/test_testing.py": "pages after a click, answers and actions that make records of theirs",
    f"{MAIN}/test_templates.py": "each campaign template to its end; the pages of consent, which Website lays out anew",
    f"{MAIN}/test_unsubscriptions.py": "the pages of an opt-out, likewise",
    f"{MAIN}/test_links.py::TestLinks::test_only_the_one_link_confirms": "their routes by language around ours",
    f"{MAIN}/test_links.py::TestLinks::test_page_of_the_marketer": "likewise, where the link leads elsewhere",
    f"{MAIN}/test_incoming_mail.py::TestIncomingMail::test_complaint": "their aliases and models that take mail in",
    f"{MAIN}/test_events.py": "likewise: replies and bounces, and the steps that follow",
    f"{MAIN}/test_targets.py": "their models as targets: which are offered, and in which order",
    f"{MAIN}/test_enroll.py": "their views of contacts, into which Add to campaign is put",
    f"{MAIN}/test_tour.py::TestTour::test_campaign_from_nothing": "their assets in the web client: a first campaign",
    f"{MAIN}/test_tour.py::TestTour::test_campaign_that_runs": "likewise: its cards, Update, errors, archiving",
    f"{MAIN}/test_people_tour.py::TestPeopleTour::test_test_page": "likewise: a test, step by step",
    f"{MAIN}/test_people_tour.py::TestPeopleTour::test_add_to_campaign": "likewise: in their list of contacts",
    f"{MAIN}/test_template_texts.py::TestTemplateTexts::test_in_the_editor": "their blocks in the email's editor",
    f"{SMS}/test_sms_campaign.py": "their fields with phone numbers, their SMS",
    f"{SMS}/test_sms_tour.py": "its form",
    f"{CRM}/test_leads.py": "leads that Website, Event and Survey extend",
    f"{CRM}/test_lead_people.py": "likewise, added to a campaign by hand",
    f"{CRM}/test_tour.py": "the numbers of sales on a campaign",
}
