import { registry } from "@web/core/registry";

const asked = (words) => [
    { trigger: `.modal:contains("${words}"):contains("nothing runs until") .btn-secondary`, run: "click" },
    { trigger: "body:not(:has(.modal))" },
];
const archive = (menu) => [
    { trigger: menu, run: "click" },
    { trigger: '.o-dropdown--menu .o-dropdown-item:contains("Archive")', run: "click" },
];

registry.category("web_tour.tours").add("marketing_automation_archive", {
    steps: () => [
        { content: "In the form", trigger: '.o_form_view .o_arrow_button_current:contains("Running")' },
        ...archive(".o_cp_action_menus button:has(.fa-cog)"),
        ...asked("Archiving stops it"),
        { content: "In the list", trigger: ".o_back_button, .breadcrumb-item:first-child a", run: "click" },
        { trigger: ".o_switch_view.o_list", run: "click" },
        { trigger: '.o_data_row:contains("Runs") .o_list_record_selector input', run: "click" },
        ...archive(".o_cp_action_menus .dropdown-toggle"),
        ...asked("Running campaigns stop"),
        { content: "A draft is not asked about", trigger: '.o_data_row:contains("Runs") input', run: "click" },
        { trigger: '.o_data_row:contains("Draft") .o_list_record_selector input', run: "click" },
        ...archive(".o_cp_action_menus .dropdown-toggle"),
        { trigger: '.modal:not(:contains("Running campaigns stop")) .btn-primary:contains("Archive")', run: "click" },
        { trigger: 'body:not(:has(.modal)) .o_list_view:not(:contains("Draft of the tour"))' },
    ],
});
