import { _t } from "@web/core/l10n/translation";
import { getValueEditorInfo } from "@web/core/tree_editor/tree_editor_value_editors";

/**
 * How values of a field are chosen: as Odoo's own filters have it done for its type, and Yes or No for a boolean.
 *
 * @param {object} field its type, and what Odoo's editor of that type asks for
 * @param {string} operator of a filter
 * @param {object} [options] of Odoo's editor
 */
export function getFieldValueEditor(field, operator, options = {}) {
    if (field.type === "boolean") {
        const selection = [
            [true, _t("Yes")],
            [false, _t("No")],
        ];
        return getValueEditorInfo({ type: "selection", selection }, operator);
    }
    return getValueEditorInfo(field, operator, options);
}
