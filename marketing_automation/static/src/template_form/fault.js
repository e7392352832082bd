import { useEffect } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";

const LOOK_EVERY = 200; // milliseconds; the editor takes its time to come
const LOOKS = 100;

/** @returns {HTMLElement | undefined} what a check found to be mended, in a field or in the text of the editor */
function findFault(form, { field, tag, attribute, value }) {
    if (field) {
        return form.querySelector(`.o_field_widget[name="${field}"] :is(input, textarea)`);
    }
    const { contentDocument } = form.querySelector(".o_mail_body_mailing iframe") || {};
    const texts = contentDocument ? [...contentDocument.querySelectorAll(`.odoo-editor-editable ${tag}`)] : [];
    return texts.find((element) => (element.getAttribute(attribute) || "") === value);
}

/** Bring it into sight, as if the user had put the cursor there. */
function show(element) {
    const { ownerDocument } = element;
    element.scrollIntoView({ block: "center" });
    if (ownerDocument === document) {
        element.focus();
        return;
    }
    ownerDocument.defaultView.frameElement.focus();
    const range = ownerDocument.createRange();
    if (element.tagName === "IMG") {
        range.selectNode(element);
    } else {
        range.selectNodeContents(element);
    }
    const selection = ownerDocument.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
}

/**
 * Lead the user of a template's form to what is to be mended.
 *
 * @param {object} rootRef of the form
 * @param {object} [fault] where it is, as marketing.campaign get_checklist returns it
 */
export function useFault(rootRef, fault) {
    useEffect(
        () => {
            if (!fault) {
                return;
            }
            let looks = LOOKS;
            const timer = browser.setInterval(() => {
                const found = findFault(rootRef.el, fault);
                if (found) {
                    show(found);
                }
                if (found || !--looks) {
                    browser.clearInterval(timer);
                }
            }, LOOK_EVERY);
            return () => browser.clearInterval(timer);
        },
        () => []
    );
}
