import { markup } from "@odoo/owl";

/**
 * Do what a method of the server returned, as Odoo does it for its own buttons: what an empty list says is HTML.
 *
 * @param {object} service the action service
 * @param {object} action
 */
export function doReturnedAction(service, action) {
    return service.doAction(action.help ? { ...action, help: markup(action.help) } : action);
}
