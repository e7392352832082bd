import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const field = (name) => `.o_field_widget[name="${name}"]`;
const choose = (label) => [
    { trigger: `${field("update_field")} input`, run: "click" },
    { trigger: ".o_select_menu_menu" },
    { trigger: `${field("update_field")} input`, run: `edit ${label}` },
    { trigger: `.o_select_menu_item:contains(/^${label}$/)`, run: "click" },
];

registry.category("web_tour.tours").add("marketing_automation_set_field", {
    steps: () => [
        {
            content: "The form of a step that sets a field; those that nobody sets are not offered",
            trigger: `${field("update_field")} input`,
            run: "click",
        },
        { trigger: `${field("update_field")} input`, run: "edit Normalized Email" },
        { trigger: `.o_select_menu_menu:not(:has(.o_select_menu_item:contains("Normalized")))` },
        { content: "A country is chosen", trigger: `${field("update_field")} input`, run: "press Escape" },
        ...choose("Country"),
        { trigger: `${field("update_value")} input`, run: "edit Belgium" },
        { trigger: '.o-autocomplete--dropdown-item:contains("Belgium")', run: "click" },
        { trigger: `${field("sentence")}:contains("set “Country” to “Belgium”")` },
        { content: "Another field begins with nothing", trigger: "body" },
        ...choose("Tags"),
        { trigger: `${field("sentence")}:contains("add (no value yet) to “Tags”")` },
        { trigger: `${field("update_value")} input`, run: "edit Tour VIP" },
        { trigger: '.o-autocomplete--dropdown-item:contains("Tour VIP")', run: "click" },
        { trigger: `${field("sentence")}:contains("add “Tour VIP” to “Tags”")` },
        ...stepUtils.saveForm(),
    ],
});
