import { registry } from "@web/core/registry";

const EDITOR = ".modal:has(.modal-fullscreen)";
const START = ".modal:has(button[name=action_start])";
const NO_EDITOR = { trigger: "body:not(:has(.modal-fullscreen))" };

registry.category("web_tour.tours").add("marketing_automation_checklist", {
    steps: () => [
        {
            content: "The draft says how much there is to look at",
            trigger: '.o_marketing_checklist_toggle:contains("2 things")',
            run: "click",
        },
        {
            content: "Mend the link: the text of the email",
            trigger: '.o_marketing_workflow_checklist li[data-code="broken"]:contains("The sale") button',
            run: "click",
        },
        { trigger: `${EDITOR} .nav-link[name="mail_body"].active` },
        {
            content: "The link itself",
            trigger: `${EDITOR} :iframe a:contains("The sale")`,
            run: async ({ anchor, waitUntil }) => {
                const { ownerDocument } = anchor;
                await waitUntil(() => ownerDocument.getSelection().toString().includes("The sale"), { timeout: 30000 });
            },
            timeout: 60000,
        },
        { trigger: `${EDITOR} .o_form_button_cancel`, run: "click" },
        NO_EDITOR,
        { content: "Start lists them, too", trigger: 'button[name="action_open_start"]', run: "click" },
        { trigger: `${START} li[data-code="broken"]` },
        {
            content: "Mend the sender, which stands above the text",
            trigger: `${START} li[data-code="sender"] button`,
            run: "click",
        },
        {
            trigger: `${EDITOR} .o_field_widget[name="email_from"] input:focus`,
            run: "edit us@mine.be",
        },
        { trigger: `${EDITOR} .o_form_button_save`, run: "click" },
        NO_EDITOR,
        { trigger: `${START}:not(:has(li[data-code="sender"])):has(li[data-code="broken"])` },
        { content: "Start anyway", trigger: `${START} button[name="action_start"]`, run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});
