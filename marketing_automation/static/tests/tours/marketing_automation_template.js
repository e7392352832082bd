import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const FORM = ".modal:has([name=subject])";
const TEXT = `${FORM} [name=body_arch] :iframe .odoo-editor-editable`;
const page = (name) => ({ trigger: `${FORM} .nav-link:contains("${name}")`, run: "click" });

/** Write a word before the placeholder, as one who types does. */
const write = (word) => ({
    content: `Write “${word}”`,
    trigger: `${TEXT} p:contains("Hello"):has(t[contenteditable=false])`,
    run({ anchor }) {
        const document = anchor.ownerDocument;
        document.defaultView.frameElement.focus();
        document.getSelection().collapse(anchor.firstChild, 0);
        document.execCommand("insertText", false, `${word} `);
    },
});
const is = (word) => ({ trigger: `${TEXT} p:contains("${word}"):has(t[contenteditable=false])` });
const OPEN = [
    {
        // the arrow is there while the pointer is over the field
        trigger: '.modal .o_field_widget[name="mass_mailing_id"]',
        run: ({ anchor }) => anchor.querySelector(".o_external_button").click(),
    },
    { trigger: `${TEXT} p:contains("Hello"):has(t[contenteditable=false])` },
    {
        content: "The logo is not stretched",
        trigger: `${TEXT} img[src*="/logo.png"]`,
        run({ anchor }) {
            const { width, height } = anchor.getBoundingClientRect();
            if (anchor.naturalWidth && Math.abs(width / height - anchor.naturalWidth / anchor.naturalHeight) > 0.1) {
                throw new Error(`The logo is ${width} × ${height}`);
            }
        },
    },
];
// what a person reads there
const SETTINGS = ["Keep Sent Messages", "Count Only Confirmed Clicks"].map((words) => ({
    trigger: `${FORM} label:contains("${words}")`,
}));
/** What the recipients see first stands beside the text, and a placeholder in it reads as what it stands for. */
const READS = [
    ...["subject", "preview", "email_from"].map((name) => ({
        trigger: `${FORM}:has(iframe) .o_field_widget[name="${name}"] :is(input, textarea)`,
    })),
    {
        content: "“Name”, not “object.name”",
        trigger: `${TEXT} t[t-out]`,
        run: ({ anchor, waitUntil }) => waitUntil(() => getComputedStyle(anchor, "::before").content === '"Name"'),
    },
];
const asks = (answer) => [
    { trigger: `.modal:contains("is not saved") button:contains("${answer}")`, run: "click" },
    { trigger: 'body:not(:has(.modal:contains("is not saved")))' },
];
const CLOSED = { trigger: "body:not(:has(.modal [name=subject]))" };

registry.category("web_tour.tours").add("marketing_automation_template", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        { trigger: '.o_app[data-menu-xmlid="marketing_automation.marketing_automation_menu"]', run: "click" },
        { trigger: ".o-kanban-button-new", run: "click" },
        { trigger: '.o_marketing_campaign_template:contains("Tag Hot Contacts")', run: "click" },
        { trigger: '.o_marketing_activity_card[data-name="Welcome"] .o_marketing_activity_edit', run: "click" },
        ...OPEN,
        ...READS,
        write("Dear"),
        { content: "Another page", ...page("Settings") },
        ...SETTINGS,
        { content: "Escape asks", trigger: `${FORM} .o_field_widget[name="reply_to"] input`, run: "press Escape" },
        ...asks("Go on writing"),
        page("Mail Body"),
        is("Dear"),
        page("Settings"),
        ...SETTINGS,
        { content: "It is saved", trigger: `${FORM} .o_form_button_save`, run: "click" },
        CLOSED,
        ...OPEN,
        is("Dear"),
        write("Nobody"),
        { content: "Discard asks", trigger: `${FORM} .o_form_button_cancel`, run: "click" },
        ...asks("Discard"),
        CLOSED,
        ...OPEN,
        { trigger: `${TEXT}:not(:contains("Nobody"))` },
        { content: "Nothing to ask about", trigger: `${FORM} .o_form_button_cancel`, run: "click" },
        CLOSED,
        { trigger: ".modal .o_form_button_cancel", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});
