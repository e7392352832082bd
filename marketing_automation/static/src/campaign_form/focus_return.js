import { useExternalListener } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { useBus, useService } from "@web/core/utils/hooks";

const BUTTONS = ".o_statusbar_buttons button[name]";

/**
 * After the dialog of a button in a form's header is closed, put the keyboard where it was: on that button. Odoo
 * disables its buttons meanwhile, and thereby loses the place.
 *
 * @param {object} rootRef of the form
 */
export function useFocusReturn(rootRef) {
    const ui = useService("ui");
    let pressed;
    useExternalListener(
        document,
        "click",
        ({ target }) => {
            const button = target.closest(BUTTONS);
            pressed = rootRef.el?.contains(button) ? button.name : undefined;
        },
        { capture: true }
    );
    useBus(ui.bus, "active-element-changed", () =>
        browser.setTimeout(() => {
            const isInFront = rootRef.el && ui.activeElement.contains(rootRef.el);
            if (pressed && isInFront && [document.body, ui.activeElement].includes(document.activeElement)) {
                rootRef.el.querySelector(`${BUTTONS}[name="${pressed}"]`)?.focus();
            }
        })
    );
}
