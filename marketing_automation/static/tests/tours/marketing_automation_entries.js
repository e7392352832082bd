import { registry } from "@web/core/registry";

const field = (name) => `.modal .o_field_widget[name="${name}"]`;

/** Who enters: from the filter to the visits of contacts, with what the card tells of them, and Start. */
registry.category("web_tour.tours").add("marketing_automation_entries", {
    steps: () => [
        {
            content: "The first card of the workflow says who enters",
            trigger: '.o_marketing_who_enters .o_marketing_entry:contains("Whoever matches the filter")',
            run: "click",
        },
        {
            content: "By a date instead",
            trigger: `${field("entry_type")} select, ${field("entry_type")} input`,
            run: "click",
        },
        {
            trigger: '.o_select_menu_item:contains("Date"), .o-dropdown-item:contains("Date")',
            run: "click",
        },
        {
            content: "The date of the record",
            trigger: `${field("date_field")} input`,
            run: "click",
        },
        {
            trigger: `${field("date_field")} input`,
            run: "edit Created on",
        },
        {
            trigger: '.o_select_menu_item:contains("Created on")',
            run: "click",
        },
        {
            content: "A date that has a time needs none",
            trigger: `.modal:not(:has([name="time_of_day"])) ${field("offset_number").replace(".modal ", "")} input`,
            run: "edit 3",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "In words, with who is due next",
            trigger: '.o_marketing_entry:contains("3 days before “Created on”")',
        },
        {
            trigger: '.o_marketing_entry_numbers:contains("Nobody is due in the next 7 days.")',
        },
        {
            content: "One more way in",
            trigger: ".o_marketing_entry_add",
            run: "click",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: '.o_marketing_who_enters:has(li:nth-child(2):contains("Whoever matches the filter"))',
        },
        {
            content: "It may go",
            trigger: ".o_marketing_who_enters li:nth-child(2) .o_marketing_entry_remove",
            run: "click",
        },
        {
            trigger: '.modal button:contains("Remove")',
            run: "click",
        },
        {
            trigger: ".o_marketing_who_enters:not(:has(li:nth-child(2)))",
        },
        {
            content: "The last look before Start",
            trigger: 'button[name="action_open_start"]',
            run: "click",
        },
        {
            trigger: '.modal [name="entry_text"]:contains("3 days before")',
        },
        {
            trigger: '.modal button[name="action_start"]',
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Running')",
        },
    ],
});
