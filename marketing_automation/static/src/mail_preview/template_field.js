import { useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useOwnedDialogs, useService } from "@web/core/utils/hooks";
import { getFieldContext, useRecordObserver } from "@web/model/relational_model/utils";
import { buildM2OFieldDescription, Many2OneField } from "@web/views/fields/many2one/many2one_field";

import { MailPreview } from "./mail_preview";
import { openTemplateEditor } from "./template_editor";

/** The message of a step: which one it is, how it looks, and its editor, over the whole window. */
export class TemplateField extends Many2OneField {
    static template = "marketing_automation.TemplateField";
    static components = { ...Many2OneField.components, MailPreview };

    setup() {
        super.setup();
        this.action = useService("action");
        this.orm = useService("orm");
        this.addDialog = useOwnedDialogs();
        this.state = useState({ mail: null });
        useRecordObserver((record) => this.load(record.data[this.props.name]?.id));
    }

    get m2oProps() {
        return {
            ...super.m2oProps,
            createAction: ({ context }) => this.write(context),
            openRecordAction: () => this.edit(),
        };
    }

    get resId() {
        return this.props.record.data[this.props.name]?.id;
    }

    async load(resId, isForced = false) {
        if (!resId) {
            this.state.mail = null;
        } else if (isForced || this.state.mail?.id !== resId) {
            const mail = await this.orm.call("mailing.mailing", "get_marketing_preview", [[resId]]);
            if (resId === this.resId) {
                this.state.mail = mail;
            }
        }
    }

    /** Take over what the editor saved: the name of the template, and its picture. */
    async take(resId) {
        const [values] = await this.orm.read("mailing.mailing", [resId], ["display_name"]);
        await this.props.record.update({ [this.props.name]: values });
        await this.load(resId, true);
    }

    edit() {
        const { resId } = this;
        openTemplateEditor(this.addDialog, {
            resId,
            title: this.state.mail?.subject,
            context: this.props.context,
            canWrite: !this.props.readonly,
            onSaved: () => this.take(resId),
            onClose: () => this.load(this.resId, true),
        });
    }

    /** @param {object} [context] by default as it is by now, with what was typed the moment before */
    async write(context) {
        await this.props.record.isDirty();
        openTemplateEditor(this.addDialog, {
            context: context || getFieldContext(this.props.record, this.props.name),
            title: _t("New: %s", this.props.string || ""),
            onSaved: (record) => this.take(record.resId),
        });
    }

    async sendSample() {
        const action = await this.orm.call("mailing.mailing", "action_test", [[this.resId]]);
        await this.action.doAction(action);
    }
}

registry.category("fields").add("marketing_template", {
    ...buildM2OFieldDescription(TemplateField),
});
