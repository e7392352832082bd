import { useEffect } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";

const LOOK_EVERY = 200; // milliseconds; the editor takes its time to come
const LOOKS = 100;

/** @returns {string} what is read there, in one line */
function readWords(element) {
    return element.textContent.trim().replace(/\s+/g, " ");
}

/** @returns {HTMLElement | undefined} what a check found to be mended, in a field or in the text of the editor */
function findFault(form, { field, tag, attribute, value, words }) {
    if (field) {
        return form.querySelector(`.o_field_widget[name="${field}"] :is(input, textarea)`);
    }
    const { contentDocument } = form.querySelector(".o_mail_body_mailing iframe") || {};
    const texts = contentDocument ? [...contentDocument.querySelectorAll(`.odoo-editor-editable ${tag}`)] : [];
    const found = texts.filter((element) => (element.getAttribute(attribute) || "") === value);
    // of several links with one address the one that reads so; a picture has no words
    return found.find((element) => words && readWords(element).startsWith(words)) || found[0];
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
