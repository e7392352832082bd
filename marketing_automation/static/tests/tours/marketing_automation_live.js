import { registry } from "@web/core/registry";

const card = (name) => `.o_marketing_activity_card[data-name="${name}"]`;

/** On a campaign that runs: change it, see what Update would do, update; look at the errors and retry. */
registry.category("web_tour.tours").add("marketing_automation_live", {
    steps: () => [
        {
            content: "The cards count",
            trigger: `${card("Welcome")} [data-metric="processed"]:contains("5")`,
        },
        {
            trigger: `${card("Welcome")} [data-metric="sent"]:contains("5")`,
        },
        {
            content: "Nothing waits for an Update",
            trigger: ".o_form_view:not(:has(button[name=action_open_update]))",
        },
        {
            content: "Add an activity while it runs",
            trigger: `${card("Welcome")} + .o_marketing_activity_add_child`,
            run: "click",
        },
        {
            trigger: '.o_marketing_palette label[data-trigger="activity"]:contains("Sent")',
            run: "click",
        },
        {
            trigger: '.o_marketing_palette_type[data-type="action"]',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="name"] input',
            run: "edit Follow up",
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
            content: "Its participants go on as before",
            trigger: "body:not(:has(.modal)) .alert:contains('The workflow has been modified')",
        },
        {
            content: "See what Update would do",
            trigger: "button[name=action_open_update]",
            run: "click",
        },
        {
            trigger: '.modal .o_data_row:contains("Follow up") [name="new_count"]:contains("5")',
        },
        {
            trigger: '.modal .o_data_row:contains("Follow up") [name="late_count"]:contains("5")',
        },
        {
            content: "Their moment is past: run them now nevertheless",
            trigger: '.modal .o_field_widget[name="late"] label:contains("Run them now")',
            run: "click",
        },
        {
            trigger: ".modal button[name=action_update]",
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)) ${card("Follow up")} [data-metric="scheduled"]:contains("5 scheduled")`,
        },
        {
            trigger: ".o_form_view:not(:has(button[name=action_open_update]))",
        },
        {
            content: "One step failed, and it says why",
            trigger: '.o_marketing_workflow_errors:contains("1 × The activity failed: No ink")',
        },
        {
            content: "See it",
            trigger: ".o_marketing_workflow_errors button:contains('See errors')",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('No ink')",
        },
        {
            trigger: ".breadcrumb .o_back_button a",
            run: "click",
        },
        {
            content: "Try it again, at the one place for it",
            trigger:
                ".o_form_view:not(:has(.o_statusbar_buttons button:contains('Retry'))) .o_marketing_workflow_errors button:contains('Retry all')",
            run: "click",
        },
        {
            trigger: ".modal:contains('at once: 1') .modal-footer .btn-primary:contains('Retry')",
            run: "click",
        },
        {
            trigger: `.o_form_view:not(:has(.o_marketing_workflow_errors)) ${card("Tag")} [data-metric="scheduled"]:contains("1 scheduled")`,
        },
        {
            content: "Remove what has a history",
            trigger: `${card("Tag")} .o_marketing_activity_remove`,
            run: "click",
        },
        {
            trigger: '.modal:contains("What it did stays as history") .btn-danger',
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)):not(:has(${card("Tag")})) .o_marketing_workflow button:contains("1 removed activity with")`,
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('Tag')",
        },
        {
            content: "Archive it from the dashboard: it would stop",
            trigger: ".o_menu_brand",
            run: "click",
        },
        {
            trigger: '.o_kanban_record:contains("Prospection")',
            run: "hover && click .o_dropdown_kanban button",
        },
        {
            trigger: ".o-dropdown--menu .dropdown-item:contains('Archive')",
            run: "click",
        },
        {
            trigger: '.modal:contains("This campaign is running") .btn:contains("Stop and Archive")',
            run: "click",
        },
        {
            trigger: 'body:not(:has(.modal)) .o_kanban_view:not(:has(.o_kanban_record:contains("Prospection")))',
        },
    ],
});
