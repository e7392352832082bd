"""Which rights each account of the tests has: what they show holds for users who have no more than that.

`MarketingAutomationCommon` compares whenever an account is made or given a group, see test_accounts.py;
tests/real_odoo.py does at the end of each server. All are employees beside, as any user is.
"""

from functools import wraps

from odoo.addons.base.models.res_groups import ResGroups
from odoo.addons.base.models.res_users import ResUsers

USER = "marketing_automation.group_marketing_automation_user"
MANAGER = "marketing_automation.group_marketing_automation_manager"
EMPLOYEE, SYSTEM = "base.group_user", "base.group_system"
COMPANIES = "base.group_multi_company"  # Odoo's own gift to whoever has two companies
MAILER = "mass_mailing.group_mass_mailing_user"
EDITOR, CONTACTS = "mail.group_mail_template_editor", "base.group_partner_manager"
SALES, ALL_SALES = "sales_team.group_sale_salesman", "sales_team.group_sale_salesman_all_leads"
RECRUITER, DESK = "hr_recruitment.group_hr_recruitment_user", "event.group_event_registration_desk"
OURS, CRM = "odoo.addons.marketing_automation.tests", "odoo.addons.marketing_automation_crm.tests"

# By login, as an administrator would set up a colleague
ACCOUNTS = {
    **dict.fromkeys(
        ("marketer", "novice", "plain", "texter", "nina", "editor", "foreigner", "newcomer", "narrow", "no_contacts"),
        {USER},
    ),
    **dict.fromkeys(("alien", "elsewhere", "oda"), {USER}),
    **dict.fromkeys(("mailer", "other", "table's mailer"), {MAILER}),
    **dict.fromkeys(("clerk", "stranger", "outsider", "gone", "table's employee"), {EMPLOYEE}),
    "manager": {MANAGER},
    "seller": {SALES},
    **dict.fromkeys(("seller Sam", "seller Sue", "seller Sid"), {"mail.group_mail_notification_type_inbox"}),
    "sales_marketer": {USER, SALES},
    "contact_marketer": {USER, CONTACTS},
    "mia": {USER},
    "sam": {USER, ALL_SALES},
    # customers of a shop
    **dict.fromkeys(
        ("ada", "ben", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "nia", "pia"), {"base.group_portal"}
    ),
    "ada_admin": {MANAGER, SYSTEM},  # sets up what a first campaign needs
    "table's portal": {"base.group_portal"},
    **{f"user of {group}": {group} for group in (EMPLOYEE, "base.group_portal", "base.group_public", MAILER, CONTACTS)},
}
# What an account gets beside in one module of tests, which say there what the right is for
ALSO = {
    **dict.fromkeys(
        ("test_action_choice", "test_endings", "test_failures", "test_missing_rights", "test_wait", "test_link_filter"),
        {"marketer": {CONTACTS}},
    ),
    **dict.fromkeys(
        ("test_condition", "test_execution", "test_pains", "test_timeline"), {"marketer": {CONTACTS, EDITOR}}
    ),
    **dict.fromkeys(("test_email", "test_links", "test_losses", "test_start", "test_wire"), {"marketer": {EDITOR}}),
    **dict.fromkeys(("test_end", "test_jump", "test_nurture", "test_split"), {"marketer": {CONTACTS, EDITOR}}),
    "test_access": {"manager": {CONTACTS}},
    # who may change contacts still may not change campaigns
    "test_campaign_actions": {"marketer": {CONTACTS}, "clerk": {CONTACTS}, "visitor": {"base.group_portal"}},
    **{
        f"odoo.addons.marketing_automation_base_automation.tests.{module}": {"clerk": {CONTACTS}, "marketer": more}
        for module, more in (
            ("test_event_safety", {CONTACTS}),
            ("test_events", {SALES, ALL_SALES}),  # of which leads
            ("test_moments", {DESK}),
            ("test_rules_that_enrol", set()),
        )
    },
    "test_entry_webhook": {"marketer": {CONTACTS}},
    "test_event_sources": {"marketer": {CONTACTS}, "mailer": {CONTACTS}},
    "test_generated_reads": {"marketer": {"base.group_allow_export"}},
    # who may write server actions, and change contacts
    "test_moving": {"mover": {USER, CONTACTS, SYSTEM}},
    "test_own_test": {"marketer": {"event.group_event_user"}},
    "test_rests": {"marketer": {CONTACTS, EDITOR}, "nina": {EDITOR}},
    "test_server_actions": {"marketer": {CONTACTS, SYSTEM}},
    "test_targets": {
        "marketer": {DESK, ALL_SALES, RECRUITER, "hr_recruitment.group_hr_recruitment_manager", SYSTEM},
    },
    "test_template_texts": {"novice": {EDITOR}},
    "test_templates": {"plain": {CONTACTS}},
    "test_testing": {"marketer": {RECRUITER}},
    **dict.fromkeys(
        ("test_people_steps", "test_reference", "test_update_step", "test_update_words"), {"marketer": {CONTACTS}}
    ),
    # its notes are written in the name of the campaign's user
    "odoo.addons.marketing_automation_note.tests.test_note": {"marketer": {CONTACTS}},
    **{
        f"odoo.addons.marketing_automation_paths.tests.{module}": {"marketer": {CONTACTS, EDITOR}}
        for module in ("test_paths", "test_runs_and_visits")
    },
    # campaigns on leads are made by salespeople
    **{
        f"{CRM}.{module}": {"marketer": {SALES}}
        for module in ("test_lead_people", "test_lead_reach", "test_lead_steps", "test_lead_templates", "test_tour")
    },
    **{
        f"{CRM}.{module}": {"marketer": {ALL_SALES}}
        for module in ("test_lead_merge", "test_lead_numbers", "test_leads")
    },
}


def check_account(user, module):
    """Compare what an account may do with what it is said to have.

    :param user: one record of res.users
    :param str module: the name of the module of tests in which it is; without its path in this addon
    :raise AssertionError: when it may do more
    """
    user = user.sudo()
    stated = ACCOUNTS.get(user.login, set()) | ALSO.get(module, {}).get(user.login, set())
    groups = user.env["res.groups"].concat(*(user.env.ref(xmlid) for xmlid in stated | {EMPLOYEE, COMPANIES}))
    if user.share:
        groups -= user.env.ref(EMPLOYEE)
    more = user.all_group_ids - groups.all_implied_ids
    assert not more, f"{module}: {user.login} has {more.mapped('full_name')}, which accounts.py does not say"


def watch_accounts(test_class):
    """Have every account checked that the tests of a class make, or give a group, from now on."""
    module = test_class.__module__.removeprefix(f"{OURS}.")
    known = set(test_class.env["res.users"].with_context(active_test=False).search([]).ids)

    def check(users):
        for user in users:
            if user.id not in known:
                check_account(user, module)

    # Those of base, which stay as they are when a test has Odoo set up its models anew
    create, write, write_group = ResUsers.create, ResUsers.write, ResGroups.write

    @wraps(create)
    def create_and_check(self, values_list):
        made = create(self, values_list)
        check(made)
        return made

    @wraps(write)
    def write_and_check(self, values):
        done = write(self, values)
        if "group_ids" in values:
            check(self)
        return done

    @wraps(write_group)
    def write_group_and_check(self, values):
        done = write_group(self, values)
        if "user_ids" in values:
            check(self.sudo().user_ids)
        return done

    test_class.classPatch(ResUsers, "create", create_and_check)
    test_class.classPatch(ResUsers, "write", write_and_check)
    test_class.classPatch(ResGroups, "write", write_group_and_check)
