import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";

const SIGNATURE = "?s=0123456789";

registry.category("web_tour.tours").add("marketing_automation_sms", {
    steps: () => [
        {
            content: "Add an activity",
            trigger: ".o_marketing_workflow_add",
            run: "click",
        },
        {
            content: "An SMS",
            trigger: '.o_marketing_palette_type[data-type="sms"]',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="name"] input',
            run: "edit Sale",
        },
        {
            content: "Make its template",
            trigger: '.modal label:contains("SMS Template")',
        },
        {
            trigger: '.modal .o_field_widget[name="mass_mailing_id"] input',
            run: "edit The sale begins",
        },
        {
            trigger: '.modal .o_field_widget[name="mass_mailing_id"] .dropdown-item:contains("Create and edit")',
            run: "click",
        },
        {
            trigger:
                '.modal:eq(1) .o_field_widget[name="subject"] input, .modal:eq(1) .o_field_widget[name="subject"] textarea',
            run: "edit The sale begins",
        },
        {
            trigger: '.modal:eq(1) .o_field_widget[name="body_plaintext"] textarea',
            run: "edit See https://shop.example.com now && press Tab",
        },
        {
            content: "The signature of the link is counted",
            trigger: '.modal:eq(1) .o_sms_count:contains("including link trackers")',
            async run() {
                const { link } = await rpc(
                    "/web/dataset/call_kw/mailing.mailing/get_sms_link_replacements_placeholders",
                    {
                        model: "mailing.mailing",
                        method: "get_sms_link_replacements_placeholders",
                        args: [[]],
                        kwargs: {},
                    }
                );
                const expected = `See ${link}${SIGNATURE} now`.length;
                const shown = this.anchor.textContent.trim();
                if (!shown.startsWith(`${expected}/`)) {
                    throw new Error(`${expected} characters, not “${shown}”`);
                }
            },
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
            content: "The templates of the campaign open in the form of their type",
            trigger: 'body:not(:has(.modal)) button[name="action_view_templates"]:contains("1")',
            run: "click",
        },
        {
            trigger: '.o_list_view .o_data_row .o_data_cell:contains("The sale begins")',
            run: "click",
        },
        {
            trigger: '.o_form_view .o_field_widget[name="body_plaintext"]',
        },
    ],
});
