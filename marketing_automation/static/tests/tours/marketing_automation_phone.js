import { registry } from "@web/core/registry";

const card = (name) => `.o_marketing_activity_card[data-name="${name}"]`;

function fits(selector) {
    for (const element of document.querySelectorAll(selector)) {
        const { left, right } = element.getBoundingClientRect();
        if (left < 0 || right > window.innerWidth) {
            throw new Error(`${selector} is cut: from ${left} to ${right} of ${window.innerWidth}`);
        }
    }
}

/** The workflow on a phone: everything fits, and can be changed. */
registry.category("web_tour.tours").add("marketing_automation_phone", {
    steps: () => [
        {
            content: "Branches stand below each other",
            trigger: `.o_marketing_workflow_stack ${card("Tag")}`,
        },
        {
            content: "Nothing is cut",
            trigger: `${card("Welcome")} [data-metric="bounce"]`,
            run: () =>
                fits(".o_marketing_activity_card, .o_marketing_workflow_chip, .o_marketing_activity_details > *"),
        },
        {
            trigger: `${card("Tag")} .o_marketing_activity_edit`,
            run: "click",
        },
        {
            trigger: ".modal .o_marketing_activity_preview:contains('run “Tag”')",
            run: () => fits(".modal .o_field_widget"),
        },
        {
            trigger: ".modal .o_form_button_cancel",
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)) ${card("Tag")} .o_marketing_activity_tabs [role=tab]:contains("Filter")`,
            run: "click",
        },
        {
            trigger: `${card("Tag")} .o_marketing_activity_filter:contains("5 record(s)")`,
        },
        {
            trigger: ".o_marketing_workflow button:contains('See errors')",
            run: "click",
        },
        {
            content: "An error says when it happened",
            trigger: ".o_kanban_record:contains('Letter'):contains('Done on'):not(:contains('Scheduled on'))",
        },
    ],
});
