"""The screens of the app with the demo's data: how a user comes to each."""

import json

from . import demo_database
from .console import Problem
from .step_screens import StepScreens

ADMINISTRATOR = "admin"  # also the password, as in every demo
NO_SCREENS = {"log_in", "choose_language"}  # methods of Screens
LOAD = "odoo.__WOWL_DEBUG__.root.env.services.action.loadAction(%s)"
NOTHING = [["id", "=", 0]]  # a domain
DO = """
((action, options) => {
    const { markup } = odoo.loader.modules.get("@odoo/owl");
    const done = action.help ? { ...action, help: markup(action.help) } : action;  // as Odoo's own buttons do it
    return odoo.__WOWL_DEBUG__.root.env.services.action.doAction(done, options);
})(%s, %s)
"""
# As if a link of the page were clicked, which Odoo's web client follows without being loaded anew: a second less. What
# lies over the page would stay, and is closed first, where Escape does it; a record that is not saved would be; some of
# the client, such as the menu, is as wide as when it was loaded.
KEEP_WIDTH = "window.widthWhenLoaded = innerWidth"
OVER = ".o-overlay-item"
MOST_OVER = 3  # such as a list over a dialog over another one
# Whether there is one less than before a key was pressed, some frames later
IS_CLOSED = """
(async (selector, before) => {
    for (let frame = 0; frame < 30 && document.querySelectorAll(selector).length >= before; frame++) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return document.querySelectorAll(selector).length < before;
})(%s, %s)
"""
STAYS = f"{OVER}, .o_notification, .o_form_status_indicator_buttons:not(.invisible)"
SETTINGS_TAB = ".settings_tab .tab[data-key=marketing_automation]"
FOLLOW = """
((address, stays) => {
    if (window.widthWhenLoaded !== innerWidth || document.querySelector(stays)) {
        return false;
    }
    document.querySelector(".o_action_manager > .o_action").classList.add("o_left");
    const link = Object.assign(document.createElement("a"), { href: address });
    document.body.append(link);
    link.click();
    link.remove();
    return true;
})(%s, %s)
"""
CALL = """
(async () => {
    const response = await fetch("/web/dataset/call_kw", {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({jsonrpc: "2.0", params: %s}),
    });
    return JSON.stringify(await response.json());
})()
"""


class Screens(StepScreens):
    """The screens of the app, each in a method named as its picture; they may be taken again."""

    def __init__(self, browser, url):
        self._browser = browser
        self._url = url
        self._login = None
        self._language = "en_US"

    # ------------------------------------------------------------
    # What they need
    # ------------------------------------------------------------

    def log_in(self, login):
        self._login = login
        self._browser.evaluate("localStorage.clear()")  # else the page offers those who were here before
        self._browser.open(f"{self._url}/web/session/logout")
        self._browser.fill("input[name=login]", login)
        self._browser.fill("input[name=password]", login)
        self._browser.click(".oe_login_buttons button")
        self._browser.wait_for(".o_main_navbar, .o_navbar")

    def choose_language(self, code):
        """Have who is logged in read Odoo in a language from the next login on."""
        [user] = self._call("res.users", "search", [["login", "=", self._login]])
        self._call("res.users", "write", [user], {"lang": code})
        self._language = code

    def _open(self, path, selector, text=""):
        address = f"{self._url}/odoo/{path}"
        self._close()
        if self._browser.evaluate(FOLLOW % (json.dumps(address), json.dumps(STAYS))):
            self._browser.wait_gone(".o_left")
            self._browser.wait_for(selector, text)
        else:
            self._browser.open(address)
            self._browser.wait_for(selector, text)
            self._browser.evaluate(KEEP_WIDTH)

    def _close(self):
        """Close what lies over the page, as far as the keyboard does so."""
        for _try in range(MOST_OVER):
            over = self._browser.evaluate(f"document.querySelectorAll({json.dumps(OVER)}).length")
            if not over:
                return
            self._browser.press("Escape")
            if not self._browser.evaluate(IS_CLOSED % (json.dumps(OVER), over)):
                return

    def _call(self, model, method, *args, **kwargs):
        kwargs.setdefault("context", {"lang": self._language})
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        answer = json.loads(self._browser.evaluate(CALL % json.dumps(params)))
        if "error" in answer:
            raise Problem(f"{model}.{method}: {answer['error']['data']['message']}")
        return answer["result"]

    def _campaign(self, name):
        [number] = self._call("marketing.campaign", "search", [["name", "=", name]])
        return number

    def _open_campaign(self, name, selector=".o_marketing_activity_card"):
        self._open(f"marketing-automation/{self._campaign(name)}", selector)

    def _do(self, action, clear=False, **context):
        """Have the web client do an action, as a button does.

        :param clear: forget the page that is there
        """
        self._browser.evaluate(
            DO % (json.dumps(action), json.dumps({"additionalContext": context, "clearBreadcrumbs": clear}))
        )

    def _activity(self, campaign, name):
        domain = [["campaign_id", "=", self._campaign(campaign)], ["name", "=", name]]
        [activity] = self._call("marketing.activity", "search_read", domain, ["mass_mailing_id"])
        return activity

    def _open_activity(self, name):
        self._browser.click(f'.o_marketing_activity_card[data-name="{name}"] .o_marketing_activity_edit')
        self._browser.wait_for(".o_dialog .o_field_widget[name=name]")

    def _open_template(self, campaign, activity, field):
        """Open a template as its activity does, in which it is written."""
        number = self._activity(campaign, activity)["mass_mailing_id"][0]
        self._open_campaign(campaign)
        self._do(self._call("mailing.mailing", "action_open_template", [number]))
        self._browser.wait_for(f".o_form_view .o_field_widget[name={field}]")

    def _open_test(self, *of_contact, name="Autumn catalog"):
        """Open the test of a campaign on a contact, which is launched where there is none yet."""
        number = self._campaign(name)
        domain = [["category_id.name", "=", "Met at the fair"], ["email", "ilike", "@example"], *of_contact]
        [contact] = self._call("res.partner", "search", [*domain, ["is_blacklisted", "=", False]], limit=1)
        domain = [["campaign_id", "=", number], ["is_test", "=", True], ["res_id", "=", contact]]
        if not (participants := self._call("marketing.participant", "search", domain)):
            values = {"campaign_id": number, "res_id": contact, "confirmed": True}
            [test] = self._call("marketing.campaign.test", "create", [values])
            self._call("marketing.campaign.test", "action_launch_test", [test])
            participants = self._call("marketing.participant", "search", domain)
        self._open(f"marketing-participants/{participants[0]}", ".o_marketing_timeline_step")
        self._browser.settle()

    # ------------------------------------------------------------
    # Campaigns
    # ------------------------------------------------------------

    def dashboard(self):
        self._open("marketing-automation", ".o_kanban_record")

    def campaigns(self):
        self._open("marketing-automation?view_type=list", ".o_data_row, .o_kanban_record")

    def templates(self):
        """What a search that finds no campaign shows, and whoever has no campaign."""
        self.dashboard()
        self._do("marketing_automation.marketing_campaign_action", clear=True, search_default_name="empty")
        self._browser.wait_for(".o_marketing_campaign_templates .o_marketing_campaign_template")

    def new(self):
        self.dashboard()
        self._browser.click(".o-kanban-button-new")
        self._browser.wait_for(".o_form_view .o_marketing_campaign_template")

    def scratch(self):
        self._open("marketing-automation/new", ".o_marketing_workflow_empty")

    def campaign(self):
        self._open_campaign("Autumn catalog")
        self._browser.settle()

    def filter(self):
        self.campaign()
        self._browser.click('.o_marketing_activity_card[data-name="Call"] [role=tab]:last-child')
        self._browser.wait_for(".o_marketing_activity_filter button")

    def draft(self):
        self._open_campaign("Commercial prospection")
        self._browser.settle()

    def results(self):
        """How far people came in a campaign."""
        self._open(f"marketing-campaign-results/{self._campaign('Autumn catalog')}", ".o_marketing_funnel_step")

    def click_map(self):
        """The clicks on its emails."""
        self.results()
        self._browser.click(".o_notebook .nav-link[name=clicks]")
        self._browser.wait_for(".o_marketing_click_map")

    def leads(self):
        self._open_campaign("Summer sale")
        self._browser.settle()

    def first_steps(self):
        self._open("marketing-first-steps", ".o_marketing_setup")

    def checklist(self):
        """What is to be looked at before Start, in the draft itself."""
        self.draft()
        self._browser.click(".o_marketing_checklist_toggle")
        self._browser.wait_for(".o_marketing_checklist [data-code]")

    def stop(self):
        self.campaign()
        self._browser.click("button[name=action_stop_campaign]")
        self._browser.wait_for(".o_dialog .modal-footer button")

    def campaign_templates(self):
        """The templates of a campaign, as its smart button lists them."""
        self.campaign()
        self._do(self._call("marketing.campaign", "action_view_templates", [self._campaign("Autumn catalog")]))
        self._browser.wait_for(".o_data_row")

    # ------------------------------------------------------------
    # Activities
    # ------------------------------------------------------------

    def activity(self):
        self.campaign()
        self._open_activity("Reminder")

    def sms_activity(self):
        self._open_campaign("Open day")
        self._browser.settle()
        self._open_activity("Invitation")

    def action_activity(self):
        self.campaign()
        self._open_activity("Call")

    def action_choice(self):
        """All the server actions that a step may run, with what each does."""
        self.action_activity()
        self._browser.click(".o_dialog .o_field_widget[name=server_action_id] input")
        if self._browser.evaluate("innerWidth > 600"):  # a phone goes there at once
            self._browser.click(".o-autocomplete--dropdown-menu .o_m2o_dropdown_option_search_more")
        self._browser.wait_for(".o_dialog .o_data_row, .o_dialog .o_kanban_record")

    def missing(self):
        """What an activity lacks that is saved too early."""
        self.draft()
        self._browser.click(".o_marketing_workflow_add")
        self._browser.click(".o_marketing_palette_type[data-type=email]")
        self._browser.wait_for(".o_dialog .o_form_button_save")
        self._browser.click(".o_dialog .o_form_button_save")
        self._browser.wait_for(".o_notification")

    def child(self):
        self.campaign()
        self._browser.click('.o_marketing_activity_card[data-name="Reminder"] + .o_marketing_activity_add_child')
        self._browser.wait_for(".o_marketing_palette_type")

    def type_choice(self):
        """All types, from the dialog of an activity."""
        self.activity()
        self._browser.click(".o_dialog .o_marketing_type_choice")
        self._browser.wait_for(".o_marketing_palette_type")

    def link_choice(self):
        """On which link of an email a step waits for a click."""
        self.campaign()
        self._open_activity("Call")
        self._browser.wait_for(".o_dialog .o_marketing_link_filter select")

    def _make_fork(self):
        name = "Autumn fair"
        if not self._call("marketing.campaign", "search", [["name", "=", name]]):
            [campaign] = self._call("marketing.campaign", "create", [{"name": name}])
            before = {"parent_id": False, "trigger_type": "begin"}
            for label, way, domain in (
                ("Lives in Belgium", "cond_no", "[('country_id.code', '=', 'BE')]"),
                ("Was there last year", "cond_yes", "[('category_id.name', '=', 'Met at the fair')]"),
            ):
                values = {"name": label, "campaign_id": campaign, "activity_type": "condition", **before}
                [step] = self._call("marketing.activity", "create", [{**values, "condition_domain": domain}])
                before = {"parent_id": step, "trigger_type": way}
        return name

    def step_menu(self):
        """What can be done with a card, in a draft with forks."""
        self._open_campaign(self._make_fork())
        self._browser.settle()
        self._browser.click('.o_marketing_activity_card[data-name="Was there last year"] .o_marketing_activity_menu')
        self._browser.wait_for(".o-dropdown--menu [data-action=move]")

    def move(self):
        self.step_menu()
        self._browser.click("[data-action=move]")
        self._browser.wait_for(".o_dialog .o_marketing_move_confirm")

    def removal(self):
        self.campaign()
        self._browser.click('.o_marketing_activity_card[data-name="Reminder"] .o_marketing_activity_remove')
        self._browser.wait_for(".o_dialog .btn-danger")

    def template(self):
        """The editor of an email, in which templates are made."""
        self._open_template("Autumn catalog", "Reminder", "subject")

    def template_settings(self):
        self.template()
        self._browser.click(".o_notebook .nav-link[name=settings]")
        self._browser.wait_for(".o_field_widget[name=reply_to_mode]")

    def sample(self):
        """Whose data fill the placeholders of a sample of a step's email."""
        self.activity()
        self._browser.click(".o_marketing_template_sample")
        self._browser.wait_for(".o_dialog .o_field_widget[name=resource_ref]")

    def sms_template(self):
        self._open_template("Open day", "Invitation", "body_plaintext")

    # ------------------------------------------------------------
    # Start, Update, tests, errors
    # ------------------------------------------------------------

    def start(self):
        self.draft()
        self._browser.click("button[name=action_open_start]")
        self._browser.wait_for(".o_dialog button[name=action_start]")
        self._browser.click(".o_marketing_forecast_section > button")
        self._browser.wait_for(".o_marketing_forecast canvas")
        self._browser.click(".o_marketing_forecast summary")

    def update(self):
        number = self._campaign("Newsletter: welcome")
        if len(self._call("marketing.activity", "search", [["campaign_id", "=", number]])) == 2:
            [welcome] = self._call(
                "marketing.activity", "search", [["campaign_id", "=", number], ["trigger_type", "=", "begin"]]
            )
            [activity] = self._call("marketing.activity", "read", [welcome], ["mass_mailing_id"])
            copy = self._call("mailing.mailing", "copy", [activity["mass_mailing_id"][0]], {"subject": "A week later"})
            values = {"campaign_id": number, "parent_id": welcome, "name": "A week later", "activity_type": "email"}
            values |= {"trigger_type": "activity", "interval_number": 1, "interval_type": "weeks"}
            values |= {"mass_mailing_id": copy[0] if isinstance(copy, list) else copy}
            self._call("marketing.activity", "create", [values])
        self._open_campaign("Newsletter: welcome")
        self._browser.click("button[name=action_open_update]")
        self._browser.wait_for(".o_dialog button[name=action_update]")

    def launch(self):
        self.draft()
        action = self._call("marketing.campaign", "action_launch_test", [self._campaign("Commercial prospection")])
        self._do({**action, "views": [[False, "form"]]})
        self._browser.wait_for(".o_dialog button[name=action_launch_test]")

    def test(self):
        self._open_test(["country_id", "!=", False])

    def rejection(self):
        """A test further on: of a step that the record's data kept from running, too."""
        self._open_test(["country_id", "=", False])
        catalogue, call = (f'.o_marketing_timeline_step[data-name="{name}"]' for name in ("Free catalog", "Call"))
        if not self._browser.evaluate(f"!!document.querySelector('{call}[data-state=rejected]')"):
            self._browser.click(f"{catalogue} .o_marketing_timeline_run")
            self._browser.click(f"{catalogue} .o_marketing_timeline_fire[data-event=click]")
            self._browser.click(f"{call} .o_marketing_timeline_run")
        self._browser.wait_for(f"{call}[data-state=rejected]")

    def errors(self):
        self.campaign()
        self._browser.click(".o_marketing_workflow_errors .btn-light")
        self._browser.wait_for(".o_data_row, .o_kanban_record")

    # ------------------------------------------------------------
    # People
    # ------------------------------------------------------------

    def participant(self):
        number = self._campaign("Autumn catalog")
        domain = [["campaign_id", "=", number], ["activity_id.name", "=", "Ask whether to go on"]]
        [trace] = self._call("marketing.trace", "search_read", domain, ["participant_id"], limit=1)
        self._open(f"marketing-participants/{trace['participant_id'][0]}", ".o_marketing_timeline_step")

    def trace(self):
        self.participant()
        self._browser.click(".o_marketing_timeline_name", "Free catalog")
        self._browser.wait_for(".o_form_view .o_field_widget[name=event_ids]")

    def people(self):
        """The participants of one campaign."""
        self.campaign()
        self._do(self._call("marketing.campaign", "action_view_participants", [self._campaign("Autumn catalog")]))
        self._browser.wait_for(".o_data_row, .o_kanban_record")

    def contact(self):
        domain = [["campaign_id", "=", self._campaign("Autumn catalog")], ["is_test", "=", False]]
        [participant] = self._call("marketing.participant", "search_read", domain, ["res_id"], limit=1)
        self._open(f"m-res.partner/{participant['res_id']}", ".o_form_view .oe_stat_button")

    def enroll(self):
        self._add_to_campaign(self._call("res.partner", "search", [["email", "!=", False]], limit=12))

    def left_out(self):
        """What Add to campaign tells of records that cannot enter."""
        domain = [["campaign_id", "=", self._campaign("Autumn catalog")], ["is_test", "=", False]]
        inside = self._call("marketing.participant", "search_read", domain, ["res_id"], limit=3)
        strangers = self._call("res.partner", "search", [["category_id.name", "=", "Prospect"]], limit=5)
        self._add_to_campaign([*(participant["res_id"] for participant in inside), *strangers])
        self._browser.click(".o_dialog button[name=action_enroll]")
        self._browser.wait_for(".o_dialog .o_field_widget[name=line_ids]")

    def _add_to_campaign(self, contacts):
        """Choose Add to campaign among the actions of the contacts' list."""
        self._open("action-contacts.action_contacts?view_type=list", ".o_list_view, .o_kanban_view")
        campaign = self._campaign("Autumn catalog")
        context = {"active_model": "res.partner", "active_ids": contacts, "default_campaign_id": campaign}
        self._do("marketing_automation.res_partner_action_enroll", **context)
        self._browser.wait_for(".o_dialog button[name=action_enroll]")

    # ------------------------------------------------------------
    # Reporting and Configuration
    # ------------------------------------------------------------

    def participants(self):
        self._open("marketing-participants", ".o_graph_renderer canvas, .o_kanban_view")

    def traces(self):
        self._open("marketing-traces", ".o_graph_renderer canvas")

    def clicks(self):
        self._open("marketing-clicks", ".o_graph_renderer canvas")

    def favorites(self):
        self._open("marketing-filters", ".o_data_row, .o_kanban_record")

    # ------------------------------------------------------------
    # Where there is nothing yet
    # ------------------------------------------------------------

    def no_participants(self):
        self._open_empty("marketing_automation.marketing_participant_action_report")

    def no_traces(self):
        self._open_empty("marketing_automation.marketing_trace_action")

    def no_clicks(self):
        self._open_empty("marketing_automation.link_tracker_click_action")

    def no_favorites(self):
        self._open_empty("marketing_automation.mailing_filter_action")

    def no_errors(self):
        """The list of a campaign whose errors have been mended."""
        self.campaign()
        action = self._call("marketing.campaign", "action_view_errors", [self._campaign("Autumn catalog")])
        self._do({**action, "domain": NOTHING})
        self._browser.wait_for(".o_view_nocontent")

    def _open_empty(self, action):
        """Open a window as it is before its first record."""
        self.dashboard()
        action = json.loads(self._browser.evaluate(f"{LOAD % json.dumps(action)}.then(JSON.stringify)"))
        self._do({**action, "domain": NOTHING}, clear=True)
        self._browser.wait_for(".o_view_nocontent")

    # ------------------------------------------------------------
    # Settings
    # ------------------------------------------------------------

    def settings(self):
        self._open("settings", SETTINGS_TAB)
        # not by a press: on a phone, what is brought to the middle of a long page lies below the control panel
        self._browser.evaluate(f"document.querySelector({json.dumps(SETTINGS_TAB)}).click()")
        self._browser.wait_for(".app_settings_block[data-key=marketing_automation]")


def screen_names():
    """:return: the names of all screens"""
    names = [*vars(Screens), *vars(StepScreens)]
    return [name for name in names if not name.startswith("_") and name not in NO_SCREENS]


def user_of(screen):
    """:return: the login, also the password, of whom a screen is for"""
    if screen == "settings":
        return ADMINISTRATOR
    return demo_database.MANAGER if screen in vars(StepScreens) else demo_database.MARKETER
