import { _t } from "@web/core/l10n/translation";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

/**
 * @param {object} mail as mailing.mailing get_marketing_preview returns it
 * @param {object} [check] what is to be mended in it, as marketing.campaign get_checklist returns it
 * @returns {object} the context in which its form opens there
 */
export function getFaultContext(mail, check) {
    return { form_view_ref: mail.view, marketing_page: check?.page, marketing_fault: check?.where || undefined };
}

/**
 * Open the editor of a template over the whole window.
 *
 * @param {(component: object, props: object, options?: object) => void} addDialog as the dialog service's `add`
 * @param {object} params
 * @param {number} [params.resId] of the template; without, a new one is written
 * @param {object} params.context names its form as `form_view_ref`, and has the defaults of a new one
 * @param {string} [params.title]
 * @param {boolean} [params.canWrite]
 * @param {(record: object) => void} [params.onSaved]
 * @param {() => void} [params.onClose]
 */
export function openTemplateEditor(addDialog, { resId, context, title, canWrite = true, onSaved, onClose }) {
    addDialog(
        FormViewDialog,
        {
            title: title || (resId ? _t("Edit") : _t("Write a New Message")),
            resModel: "mailing.mailing",
            resId: resId || false,
            context,
            readonly: !canWrite,
            preventEdit: !canWrite,
            canExpand: false,
            size: "fullscreen",
            onRecordSaved: onSaved,
        },
        { onClose }
    );
}
