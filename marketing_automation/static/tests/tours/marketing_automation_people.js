import { registry } from "@web/core/registry";

const step = (name) => `.o_marketing_timeline_step[data-name="${name}"]`;
const card = (name) => `${step(name)} > .o_marketing_timeline_card`;
const state = (name, words) => `${card(name)} .o_marketing_timeline_state:contains("${words}")`;

/** A test of a campaign, from its form to its end, and once more. */
registry.category("web_tour.tours").add("marketing_automation_test_page", {
    steps: () => [
        {
            content: "Launch a test",
            trigger: 'button[name="action_launch_test"]',
            run: "click",
        },
        {
            content: "It proposes the user",
            trigger: '.modal .o_field_widget[name="resource_ref"] input:value("Mara Marketer")',
        },
        {
            content: "Empty it, and choose somebody else",
            trigger: '.modal .o_field_widget[name="resource_ref"] input',
            run: "clear && press Tab",
        },
        {
            content: "Once the form knows, who else",
            trigger:
                '.modal:not(:has([name="outside_text"])) .o_field_widget[name="resource_ref"] input:not(:value("Mara Marketer"))',
            run: "edit Ada",
        },
        {
            trigger: '.modal .o_field_widget[name="resource_ref"] .dropdown-item:contains("Ada")',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="resource_ref"] input:value("Ada")',
        },
        {
            trigger: '.modal button[name="action_launch_test"]',
            run: "click",
        },
        {
            content: "It asks, naming the address",
            trigger: '.modal .alert-warning:contains("ada@people.example.com")',
        },
        {
            trigger: '.modal button[name="action_confirm_test"]',
            run: "click",
        },
        {
            content: "The first step is scheduled: run it",
            trigger: state("Welcome", "Scheduled"),
        },
        {
            trigger: `${card("Welcome")} .o_marketing_timeline_run`,
            run: "click",
        },
        {
            content: "Its result shows at once, and what follows from it",
            trigger: `${state("Welcome", "Processed")}, ${card("Welcome")} [data-event=sent]`,
        },
        {
            trigger: `${step("Welcome")} ${state("Thanks", "Waiting")}`,
        },
        {
            trigger: `${card("Thanks")}:contains("Waits for a click.")`,
        },
        {
            trigger: `${step("Welcome")} ${state("Reminder", "Scheduled")}`,
        },
        {
            content: "What nothing waits for is less prominent",
            trigger: `${card("Welcome")}:not(:has([data-event=bounce])) .o_marketing_timeline_more`,
            run: "click",
        },
        {
            trigger: '.o-dropdown-item:contains("As if bounced")',
        },
        {
            content: "As if clicked: who clicks has opened",
            trigger: `${card("Welcome")} .o_marketing_timeline_fire:contains("As if clicked")`,
            run: "click",
        },
        {
            trigger: `${card("Welcome")} .o_marketing_timeline_events:contains("Opened"):contains("Clicked")`,
        },
        {
            trigger: `${card("Reminder")}:contains("Cancelled"):contains("What it waited not to happen has happened.")`,
        },
        {
            content: "Run a step that fails: it says why",
            trigger: `${card("Thanks")} .o_marketing_timeline_run`,
            run: "click",
        },
        {
            trigger: `${card("Thanks")}:contains("Error"):contains("No paper")`,
        },
        {
            trigger: '.o_statusbar_status .o_arrow_button_current:contains("Completed")',
        },
        {
            content: "A click on a step opens its trace",
            trigger: `${card("Welcome")} button.o_marketing_timeline_name`,
            run: "click",
        },
        {
            trigger: '.o_form_view .o_field_widget[name="event_ids"] .o_data_row:contains("Clicked")',
        },
        {
            trigger: ".breadcrumb .o_back_button a",
            run: "click",
        },
        {
            content: "Test again, for the same record",
            trigger: `body:has(${card("Thanks")}) button[name="action_test_again"]`,
            run: "click",
        },
        {
            trigger: `body:not(:has(${card("Thanks")})) ${state("Welcome", "Scheduled")}`,
        },
        {
            content: "Stop it",
            trigger: 'button[name="action_stop_test"]',
            run: "click",
        },
        {
            trigger: '.o_statusbar_status .o_arrow_button_current:contains("Completed")',
        },
        {
            trigger: `${card("Welcome")}:contains("The test was stopped."):not(:has(button.o_marketing_timeline_run))`,
        },
    ],
});

/** What became of a contact, from its own form; then out of the campaign. */
registry.category("web_tour.tours").add("marketing_automation_participant", {
    steps: () => [
        {
            content: "The campaigns of the contact",
            trigger: 'button[name="action_view_marketing_participants"]:contains("1")',
            run: "click",
        },
        {
            trigger: `${card("Welcome")}:contains("Processed") [data-event=sent]`,
        },
        {
            trigger: `${step("Welcome")} ${state("Reminder", "Scheduled")}`,
        },
        {
            trigger: `${card("Thanks")}:contains("Waits for a click."):not(:has(button))`,
        },
        {
            content: "Of many steps the latest show, and a list has all",
            trigger: `.o_form_view:not(:has(${card("Note")})) .o_marketing_timeline_earlier:contains("the earlier step")`,
            run: "click",
        },
        {
            trigger: '.o_list_view:has(.o_data_row:contains("Note")) .o_data_row:contains("Welcome")',
        },
        {
            trigger: ".breadcrumb .o_back_button a",
            run: "click",
        },
        {
            content: "Out of the campaign",
            trigger: 'button[name="action_remove"]',
            run: "click",
        },
        {
            trigger: '.modal-footer .btn-primary:contains("Remove")',
            run: "click",
        },
        {
            trigger: `${card("Reminder")}:contains("Removed by hand.")`,
        },
        {
            trigger: `.o_form_view:not(:has(${card("Thanks")})) .o_arrow_button_current:contains("Removed")`,
        },
    ],
});

const select = (name) => ({
    trigger: `.o_data_row:contains("${name}") .o_list_record_selector input`,
    run: "click",
});

/** Add a selection of contacts to a campaign, and see what was left out, and why. */
registry.category("web_tour.tours").add("marketing_automation_enroll", {
    steps: () => [
        {
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        select("Ada"),
        select("Yan"),
        select("Zoe"),
        {
            trigger: '.o_control_panel .o_cp_action_menus button:contains("Actions")',
            run: "click",
        },
        {
            trigger: '.o-dropdown-item:contains("Add to campaign")',
            run: "click",
        },
        {
            content: "The one campaign that runs is proposed",
            trigger: '.modal .o_field_widget[name="campaign_id"] input:value("Prospection")',
        },
        {
            trigger: '.modal .o_field_widget[name="record_count"]:contains("3")',
        },
        {
            trigger: '.modal button[name="action_enroll"]',
            run: "click",
        },
        {
            trigger: '.modal .alert-success:contains("1 record(s) added to")',
        },
        {
            trigger: '.modal .o_data_row:contains("participants already")',
        },
        {
            content: "Who does not match the filter",
            trigger: '.modal .o_data_row:contains("do not match") button[name="action_view_records"]',
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_list_view:not(:has(.o_data_row:contains('Ada'))) .o_data_row:contains('Zoe')",
        },
    ],
});
