import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const card = (name) => `.o_marketing_activity_card[data-name="${name}"]`;

registry.category("web_tour.tours").add("marketing_automation_campaign", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app",
            trigger: '.o_app[data-menu-xmlid="marketing_automation.marketing_automation_menu"]',
            run: "click",
        },
        {
            content: "Create a campaign from nothing",
            trigger: ".o_kanban_view",
        },
        {
            trigger: ".o-kanban-button-new",
            run: "click",
        },
        {
            content: "Name it",
            trigger:
                '.o_form_view .o_field_widget[name="name"] textarea, .o_form_view .o_field_widget[name="name"] input',
            run: "edit Tour campaign",
        },
        {
            content: "Take a saved filter",
            trigger: '.o_field_widget[name="mailing_filter_id"] input',
            run: "edit Prospects of the tour",
        },
        {
            trigger: '.o_field_widget[name="mailing_filter_id"] .dropdown-item:contains("Prospects of the tour")',
            run: "click",
        },
        {
            content: "The filter tells how many records there are",
            trigger: '.o_field_widget[name="domain"]:contains("5 record(s)")',
        },
        {
            content: "Add the first activity, which saves the campaign",
            trigger: ".o_marketing_workflow_empty button",
            run: "click",
        },
        {
            trigger: '.o_marketing_palette_type[data-type="email"]',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="name"] input',
            run: "edit Welcome",
        },
        {
            content: "Make its template",
            trigger: '.modal .o_field_widget[name="mass_mailing_id"] input',
            run: "edit Welcome to you",
        },
        {
            trigger: '.modal .o_field_widget[name="mass_mailing_id"] .dropdown-item:contains("Create and edit")',
            run: "click",
        },
        {
            content: "What was typed is its title",
            trigger: '.modal:eq(1) .o_field_widget[name="subject"] input:value("Welcome to you")',
        },
        {
            content: "Choose a theme",
            trigger: '.modal:eq(1) .o_mailing_template_preview_wrapper [data-name="basic"]',
            run: "click",
        },
        {
            trigger: "html:not(:has(.o_mailing_template_preview_wrapper))",
        },
        {
            content: "Save the template",
            trigger: ".modal:eq(1) .o_form_button_save",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal:eq(1)))",
        },
        {
            content: "Save the activity",
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "Its card says what it does",
            trigger: `body:not(:has(.modal)) ${card("Welcome")}:contains("As soon as a record enters the campaign: send the email “Welcome”.")`,
        },
        {
            content: "Add an activity that follows it, when its mail is clicked",
            trigger: `${card("Welcome")} + .o_marketing_activity_add_child`,
            run: "click",
        },
        {
            trigger: '.o_marketing_palette label[data-trigger="mail_click"]',
            run: "click",
        },
        {
            trigger: '.o_marketing_palette_type[data-type="action"]',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="name"] input',
            run: "edit Thank who clicks",
        },
        {
            trigger: '.modal .o_field_widget[name="server_action_id"] input',
            run: "edit Action of the tour",
        },
        {
            trigger: '.modal .o_field_widget[name="server_action_id"] .dropdown-item:contains("Action of the tour")',
            run: "click",
        },
        {
            content: "Nothing lies over the number",
            trigger: '.modal .o_field_widget[name="interval_number"] input',
            run({ anchor }) {
                anchor.scrollIntoView({ block: "center" });
                const { x, y, width, height } = anchor.getBoundingClientRect();
                if (document.elementFromPoint(x + width / 2, y + height / 2) !== anchor) {
                    throw new Error("The unit lies over the number");
                }
            },
        },
        {
            content: "The sentence follows while one types",
            trigger: '.modal .o_field_widget[name="interval_number"] input',
            run: "edit 7",
        },
        {
            trigger: ".modal .o_marketing_activity_preview:contains('7 hours after')",
        },
        {
            content: "A number that cannot be is refused beside the field",
            trigger: '.modal .o_field_widget[name="interval_number"] input',
            run: "edit -1 && press Tab",
        },
        {
            trigger: '.modal .o_field_widget[name="interval_error"]:contains("A whole number from 0")',
        },
        {
            content: "So is what is no whole number, which Odoo would take for 15",
            trigger: '.modal .o_field_widget[name="interval_number"] input',
            run: "edit 1,5 && press Tab",
        },
        {
            trigger: '.modal .o_field_widget[name="interval_error"]:contains("A whole number, 0 or more.")',
        },
        {
            trigger: '.modal .o_field_widget[name="interval_number"] input',
            run: "edit 1 && press Tab",
        },
        {
            content: "The dialog tells what will happen",
            trigger:
                ".modal .o_marketing_activity_preview:contains('1 hour after a link in “Welcome” was clicked: run “Thank who clicks”.')",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "The workflow tells what follows what",
            trigger: `body:not(:has(.modal)) ${card("Welcome")} ~ ul .o_marketing_workflow_chip:contains("Clicked · 1 hour later") + ${card("Thank who clicks")}`,
        },
        {
            content: "A third level, and away with it",
            trigger: `${card("Thank who clicks")} + .o_marketing_activity_add_child`,
            run: "click",
        },
        {
            content: "It can follow in one way alone",
            trigger: '.o_marketing_palette:not(:has(.btn-check)) .o_marketing_palette_type[data-type="action"]',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="name"] input',
            run: "edit Too much",
        },
        {
            trigger: '.modal .o_field_widget[name="server_action_id"] input',
            run: "edit Action of the tour",
        },
        {
            trigger: '.modal .o_field_widget[name="server_action_id"] .dropdown-item:contains("Action of the tour")',
            run: "click",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)) ${card("Too much")} .o_marketing_activity_remove`,
            run: "click",
        },
        {
            trigger: '.modal:contains("“Too much” leaves the workflow.") .btn-danger',
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)):not(:has(${card("Too much")}))`,
        },
        {
            content: "For whom an activity runs",
            trigger: `${card("Welcome")} [role=tab]:contains("Filter")`,
            run: "click",
        },
        {
            trigger: `${card("Welcome")} .o_marketing_activity_filter:contains("5 record(s)"):contains("Activity filter: none")`,
        },
        {
            content: "Start the campaign, after a last look",
            trigger: 'button[name="action_open_start"]',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="enroll_count"]:contains("5")',
        },
        {
            trigger: '.modal .o_field_widget[name="message_summary"]:contains("Email: 5")',
        },
        {
            trigger: '.modal button[name="action_start"]',
            run: "click",
        },
        {
            trigger: '.o_statusbar_status .o_arrow_button_current:contains("Running")',
        },
        {
            content: "The cards count",
            trigger: `${card("Welcome")} .o_marketing_activity_scheduled:contains("5 scheduled")`,
        },
        {
            content: "See the participants",
            trigger: 'button[name="action_view_participants"]:contains("5")',
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('Ada'):contains('Running')",
        },
    ],
});
