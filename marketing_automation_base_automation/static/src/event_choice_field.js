import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { getFieldValueEditor } from "@marketing_automation/value_editor";

/** One of what the server offers for the event of an entry, by what it is called. */
export class EventChoiceField extends SelectionField {
    static props = { ...SelectionField.props, offered: String };

    get offered() {
        return this.props.record.data.event_choices?.[this.props.offered] || [];
    }

    get options() {
        const { value } = this;
        const options = this.offered.map(([choice, label]) => [choice, label]).filter(([choice]) => choice);
        const isKnown = !value || options.some(([choice]) => choice === value);
        return isKnown ? options : [...options, [value, value]];
    }

    get string() {
        const { value } = this;
        return this.offered.find(([choice]) => choice === (value || ""))?.[1] || value || "";
    }

    onChange(value) {
        return this.props.record.update({ [this.props.name]: value || false });
    }
}

/** The values that a change has to have, chosen as Odoo's own filters have it done for the field's type. */
export class EventValuesField extends Component {
    static template = "marketing_automation_base_automation.EventValuesField";
    static props = { ...standardFieldProps };

    get field() {
        return this.props.record.data.event_choices?.value || false;
    }

    get editor() {
        return getFieldValueEditor(this.field, "in");
    }

    get editorProps() {
        const value = this.props.record.data[this.props.name] || [];
        return this.editor.extractProps({ value, update: (values) => this.update(values) });
    }

    update(values) {
        return this.props.record.update({ [this.props.name]: values.length ? values : false });
    }
}

registry.category("fields").add("marketing_event_values", {
    component: EventValuesField,
    displayName: _t("Values of an event"),
    supportedTypes: ["json"],
    isEmpty: (record, name) => !record.data[name],
});
registry.category("fields").add("marketing_event_choice", {
    ...selectionField,
    component: EventChoiceField,
    displayName: _t("Choice of an event"),
    supportedTypes: ["char"],
    isEmpty: (record, name) => !record.data[name],
    extractProps: (info, dynamicInfo) => ({
        ...selectionField.extractProps(info, dynamicInfo),
        offered: info.options.offered,
    }),
});
