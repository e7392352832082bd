import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("marketing_automation_templates", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app",
            trigger: '.o_app[data-menu-xmlid="marketing_automation.marketing_automation_menu"]',
            run: "click",
        },
        {
            content: "There is no campaign: the cards are there, in the list too",
            trigger: '.o_marketing_campaign_template:contains("Double Opt-in")',
        },
        {
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: '.o_list_view .o_marketing_campaign_template:contains("Welcome Flow")',
        },
        {
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "A card makes a draft",
            trigger: '.o_kanban_view .o_marketing_campaign_template[data-key="prospection"]',
            run: "click",
        },
        {
            trigger:
                '.o_form_view .o_marketing_workflow_chip:contains("Not opened · after 3 days") + .o_marketing_activity_card[data-name="Reminder"]',
        },
        {
            content: "Back at the campaigns, it is there, and the cards have gone",
            trigger: ".o_back_button, .breadcrumb-item a",
            run: "click",
        },
        {
            trigger: '.o_kanban_record:contains("Commercial prospection")',
        },
        {
            trigger: ".o_kanban_view:not(:has(.o_marketing_campaign_template))",
        },
        {
            content: "They come back where nothing is found",
            trigger: ".o_searchview_input",
            run: "edit empty",
        },
        {
            trigger: ".o_searchview_input",
            run: "press Enter",
        },
        {
            trigger: '.o_marketing_campaign_template[data-key="hot_contacts"]',
        },
        {
            content: "New opens the form at once, and offers them there",
            trigger: ".o_searchview .o_facet_remove",
            run: "click",
        },
        {
            trigger: '.o_kanban_record:contains("No participants yet")',
        },
        {
            trigger: ".o-kanban-button-new",
            run: "click",
        },
        {
            trigger:
                '.o_form_view .o_field_widget[name="name"] textarea, .o_form_view .o_field_widget[name="name"] input',
            run: "edit My own name",
        },
        {
            trigger: '.o_form_view .o_marketing_campaign_template[data-key="hot_contacts"]',
            run: "click",
        },
        {
            content: "What was typed is the name of the draft",
            trigger:
                '.o_form_view:has(.o_marketing_activity_card[data-name="Tag as Hot"]) .o_field_widget[name="name"] *:value("My own name")',
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a",
            run: "click",
        },
        {
            content: "In the list as well, and an empty campaign beside them",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "The first activity needs no name of the campaign",
            trigger: ".o_form_view .o_marketing_workflow_empty button",
            run: "click",
        },
        {
            trigger: '.o_marketing_palette_type[data-type="email"]',
            run: "click",
        },
        {
            content: "What is missing is named, and the cursor is there",
            trigger: ".modal .o_form_button_save, .modal .o_form_button_save_new",
            run: "click",
        },
        {
            trigger: '.o_notification:contains("Fill in “Name”, “Email”.")',
        },
        {
            trigger: '.modal .o_field_widget[name="name"] input:focus',
            run: "edit Hello",
        },
        {
            trigger: ".modal .o_form_button_cancel",
            run: "click",
        },
        {
            trigger: 'body:not(:has(.modal)) .o_form_view .o_field_widget[name="name"] *:value("Untitled campaign")',
        },
    ],
});
