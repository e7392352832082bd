import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const favorite = '.o_field_widget[name="mailing_filter_id"]';

/** On a campaign with a filter: save it as a favorite, forget that, save it again under another name; then manage. */
registry.category("web_tour.tours").add("marketing_automation_filters", {
    steps: () => [
        {
            content: "The filter of the campaign",
            trigger: '.o_field_widget[name="domain"]:contains("5 record(s)")',
        },
        {
            content: "Choose by what it is unique",
            trigger: '.o_field_widget[name="unique_by"] .o_model_field_selector',
            run: "click",
        },
        { trigger: ".o_model_field_selector_popover_search input", run: "edit Email" },
        { trigger: '.o_model_field_selector_popover_item[data-name="email"] button', run: "click" },
        { trigger: '.o_field_widget[name="unique_by"] .o_model_field_selector_chain_part:contains("Email")' },
        { content: "Save it", trigger: `${favorite} .o_mass_mailing_filter_dropdown button`, run: "click" },
        { trigger: "input.o_mass_mailing_filter_name", run: "edit Mistaken name" },
        { trigger: ".o_mass_mailing_btn_save_filter", run: "click" },
        { trigger: `${favorite} input:value("Mistaken name")` },
        ...stepUtils.saveForm(),
        { content: "Forget it", trigger: `${favorite} .o_mass_mailing_remove_filter:not(.d-none)`, run: "click" },
        { trigger: `${favorite} .o_mass_mailing_save_filter_container:not(.d-none)` },
        {
            content: "The campaign keeps its records",
            trigger: '.o_field_widget[name="domain"]:contains("5 record(s)")',
        },
        { trigger: `${favorite} .o_mass_mailing_filter_dropdown button`, run: "click" },
        { trigger: "input.o_mass_mailing_filter_name", run: "edit Prospects" },
        { trigger: ".o_mass_mailing_btn_save_filter", run: "click" },
        { trigger: `${favorite} input:value("Prospects")` },
        ...stepUtils.saveForm(),
        { content: "Manage", trigger: '.o_menu_sections button:contains("Configuration")', run: "click" },
        { trigger: '.o-dropdown--menu .dropdown-item:contains("Favorite Filters")', run: "click" },
        { trigger: ".o_list_view .o_data_row:not(:contains('Mistaken name'))" },
        { trigger: ".o_list_view .o_data_row:contains('Prospects') .o_data_cell", run: "click" },
        { trigger: '.o_form_view .o_field_widget[name="name"] input', run: "edit Warm prospects" },
        ...stepUtils.saveForm(),
    ],
});
