import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

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
            trigger: '.o_form_view .o_field_widget[name="name"] textarea, .o_form_view .o_field_widget[name="name"] input',
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
            trigger: 'button[name="action_add_activity"]',
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
            trigger: '.modal:eq(1) .o_field_widget[name="subject"] input, .modal:eq(1) .o_field_widget[name="subject"] textarea',
            run: "edit Welcome to you",
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
            trigger: 'body:not(:has(.modal)) .o_field_widget[name="marketing_activity_ids"] .o_data_row:contains("Welcome")',
        },
        {
            content: "Add an activity that follows it",
            trigger: '.o_data_row button[name="action_add_child"]',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="name"] input',
            run: "edit Thank who clicks",
        },
        {
            trigger: '.modal .o_field_widget[name="activity_type"] input',
            run: "click",
        },
        {
            trigger: '.o_select_menu_item:contains("Server Action")',
            run: "click",
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
            trigger: '.modal .o_field_widget[name="trigger_type"] input',
            run: "click",
        },
        {
            trigger: '.o_select_menu_item:contains("Mail: clicked")',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="interval_number"] input',
            run: "edit 1",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "The workflow tells what follows what",
            trigger: "body:not(:has(.modal)) .o_data_row:contains('1 hour after “Welcome”')",
        },
        {
            content: "Start the campaign",
            trigger: 'button[name="action_start_campaign"]',
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: '.o_statusbar_status .o_arrow_button_current:contains("Running")',
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
