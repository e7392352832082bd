import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useOwnedDialogs, useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { getFaultContext, openTemplateEditor } from "./template_editor";

/** What is to be looked at in the messages of a campaign: what is wrong, where, and a button to mend it. */
export class Checklist extends Component {
    static template = "marketing_automation.Checklist";
    static props = {
        messages: Array, // as marketing.campaign get_checklist returns them
        canWrite: Boolean,
        edit: Function, // of a message, where a check found something
    };

    get open() {
        return this.props.messages.filter(({ checks }) => checks.length);
    }

    getEditLabel({ subject }) {
        return _t("Open “%s” to mend it", subject);
    }
}

/** The checklist in the dialog of Start. */
export class ChecklistField extends Component {
    static template = "marketing_automation.ChecklistField";
    static components = { Checklist };
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.addDialog = useOwnedDialogs();
        this.state = useState({ messages: null });
    }

    get messages() {
        return this.state.messages || this.props.record.data[this.props.name] || [];
    }

    edit(mail, check) {
        openTemplateEditor(this.addDialog, {
            resId: mail.id,
            title: mail.subject,
            context: getFaultContext(mail, check),
            onSaved: () => this.refresh(),
        });
    }

    async refresh() {
        const { data, model } = this.props.record;
        this.state.messages = await this.orm.call("marketing.campaign", "get_checklist", [[data.campaign_id.id]]);
        if (data.problem_text) {
            await model.load(); // it may have been what kept the campaign from starting
        }
    }
}

registry.category("fields").add("marketing_checklist", {
    component: ChecklistField,
    displayName: _t("Checklist of a campaign"),
    supportedTypes: ["json"],
    isEmpty: () => false,
});
