import { useExternalListener } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { useBus, useService } from "@web/core/utils/hooks";

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";

/**
 * After a dialog is closed that something in a form opened, put the keyboard where it was. Odoo loses the place when a
 * button is disabled meanwhile, and when the dialog itself is a form, of which a field has taken the keyboard before
 * the dialog could note where it came from.
 *
 * @param {object} rootRef of the form
 */
export function useFocusReturn(rootRef) {
    const ui = useService("ui");
    let place;
    const note = ({ target }) => {
        const element = target.closest?.(FOCUSABLE);
        if (element && rootRef.el?.contains(element)) {
            place = element;
        }
    };
    useExternalListener(document, "focusin", note, { capture: true });
    useExternalListener(document, "click", note, { capture: true }); // not every browser focuses what is clicked
    useBus(ui.bus, "active-element-changed", () =>
        browser.setTimeout(() => {
            const isInFront = rootRef.el && ui.activeElement.contains(rootRef.el);
            if (place && isInFront && [document.body, ui.activeElement].includes(document.activeElement)) {
                // it is where it was, and the page may be on its way to what has come
                findAgain(rootRef.el, place)?.focus({ preventScroll: true });
            }
        })
    );
}

/** An element of a form; its namesake, where a button was rendered anew. */
function findAgain(root, element) {
    return element.isConnected ? element : root.querySelector(`button[name="${element.name || ""}"]`);
}
