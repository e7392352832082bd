import { registry } from "@web/core/registry";

const CARD = '.o_marketing_activity_card[data-name="Welcome"]';
const EDITOR = ".modal:has(.modal-fullscreen)";
const SUBJECT = `${EDITOR} .o_field_widget[name="subject"] :is(input, textarea)`;
const NO_EDITOR = { trigger: "body:not(:has(.modal-fullscreen))" };

registry.category("web_tour.tours").add("marketing_automation_mail", {
    steps: () => [
        {
            content: "The email is seen on the card",
            trigger: `${CARD} .o_marketing_mail_subject:contains("Welcome, Name!")`,
            run() {
                const frame = document.querySelector(`${CARD} .o_marketing_mail_picture iframe`);
                if (frame.getAttribute("sandbox") !== "" || frame.getAttribute("tabindex") !== "-1") {
                    throw new Error("The picture may do something");
                }
                if (document.querySelector(`${CARD} .o_marketing_activity_graph`)) {
                    throw new Error("A draft has no graph");
                }
            },
        },
        { trigger: `${CARD} .o_marketing_activity_sentence:contains("send the email")` },
        { content: "One click: the editor", trigger: `${CARD} .o_marketing_activity_mail`, run: "click" },
        {
            content: "Over the whole window",
            trigger: `${EDITOR} .modal-content:has([name="body_arch"] iframe)`,
            run({ anchor }) {
                const { width, height } = anchor.getBoundingClientRect();
                if (width < window.innerWidth - 20 || height < window.innerHeight - 20) {
                    throw new Error(`The editor is ${width} × ${height}`);
                }
            },
        },
        { content: "As recipients read it", trigger: `${EDITOR} .oe_title:contains("Welcome, Name!")` },
        { trigger: SUBJECT, run: "edit Good morning, {{ object.name }}!" },
        { content: "No link of its settings loses it", trigger: `${EDITOR} .nav-link[name="settings"]`, run: "click" },
        {
            trigger: `${EDITOR} .o_field_widget[name="mailing_model_id"]`,
            run() {
                if (document.querySelector(`${EDITOR} .tab-pane :is(.o_external_button, .o_form_uri)`)) {
                    throw new Error("A link leads away from what is being written");
                }
            },
        },
        { trigger: `${EDITOR} .o_form_button_save`, run: "click" },
        NO_EDITOR,
        { trigger: `${CARD} .o_marketing_mail_subject:contains("Good morning, Name!")` },
        { content: "In the dialog of the step", trigger: `${CARD} .o_marketing_activity_edit`, run: "click" },
        { trigger: '.modal .o_marketing_step_mail .o_marketing_mail_subject:contains("Good morning, Name!")' },
        { trigger: ".modal .o_marketing_template_edit", run: "click" },
        { trigger: `${EDITOR} .modal-content:has([name="body_arch"] iframe)` },
        { trigger: `${EDITOR} .o_form_button_cancel`, run: "click" },
        NO_EDITOR,
        { content: "A sample, of one who matches", trigger: ".modal .o_marketing_template_sample", run: "click" },
        { trigger: '.modal .o_field_widget[name="subject"]:contains("Good morning, Ada!")' },
        { trigger: '.modal button[name="action_send"]', run: "click" },
        { trigger: '.o_notification:contains("nora@marketing.example.com") .o_notification_close', run: "click" },
        { trigger: '.modal .o_field_widget[name="name"]' },
        { trigger: ".modal .o_form_button_cancel", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});
