import { registry } from "@web/core/registry";

const LAUNCH = ".modal:has(button[name=action_launch_test])";

/** Press a button by the keyboard, as far as the place of the keyboard is concerned. */
const press = (name) => ({
    trigger: `button[name="${name}"]:enabled`,
    run: ({ anchor }) => {
        anchor.focus();
        anchor.click(); // what Enter does on a button
    },
});
const leave = (dialog) => [
    {
        content: "The keyboard is in the dialog",
        trigger: `${dialog} :focus`,
        run: "press Escape",
    },
    { trigger: "body:not(:has(.modal))" },
];
const isBackOn = (name) => ({ content: "The keyboard is back", trigger: `button[name="${name}"]:focus` });

/** The dialogs of a campaign are opened, gone through and left by the keyboard. */
registry.category("web_tour.tours").add("marketing_automation_keyboard", {
    steps: () => [
        press("action_open_start"),
        ...leave(".modal:has(button[name=action_start])"),
        isBackOn("action_open_start"),
        press("action_launch_test"),
        { trigger: `${LAUNCH} .o_field_widget[name=resource_ref] input:focus`, run: "press Tab" },
        { content: "Past the field", trigger: `${LAUNCH} :focus:not([name=resource_ref] input)` },
        ...leave(LAUNCH),
        isBackOn("action_launch_test"),
    ],
});
