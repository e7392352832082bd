import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { FieldChoiceField, fieldChoiceField } from "../activity_form/field_choice";
import { getFieldValueEditor } from "../value_editor";

/** A field of the record that a step sets, or copies: one of those that the server says its user may. */
export class StepFieldField extends FieldChoiceField {
    static props = { ...FieldChoiceField.props, choices: String };

    accepts({ name }) {
        return (this.props.record.data.update_choices?.[this.props.choices] || []).includes(name);
    }
}

/** What a step does with a field: what suits its type. */
export class StepOperationField extends SelectionField {
    get options() {
        const operations = this.props.record.data.update_choices?.operations || [];
        const options = super.options.filter(([operation]) => operations.includes(operation));
        return options.length ? options : super.options.filter(([operation]) => operation === this.value);
    }
}

/** The value that a step sets, typed or chosen as Odoo's own filters have it done for the field's type. */
export class StepValueField extends Component {
    static template = "marketing_automation.StepValueField";
    static props = { ...standardFieldProps };

    get field() {
        return this.props.record.data.update_choices?.value || false;
    }

    get isText() {
        return this.field.type === "text";
    }

    get value() {
        const value = this.props.record.data[this.props.name];
        const nothing = { many2many: [], integer: 0, float: 0, monetary: 0, char: "", text: "" };
        return value || (nothing[this.field.type] ?? false);
    }

    get editor() {
        const addBlankOption = this.field.type === "selection" && !this.value;
        return getFieldValueEditor(this.field, "=", { addBlankOption });
    }

    get editorProps() {
        const props = this.editor.extractProps({ value: this.value, update: (value) => this.update(value) });
        return "placeholder" in props ? { ...props, placeholder: _t("Choose a value") } : props;
    }

    update(value) {
        return this.props.record.update({ [this.props.name]: value });
    }
}

registry.category("fields").add("marketing_step_field", {
    ...fieldChoiceField,
    component: StepFieldField,
    extractProps: (info, dynamicInfo) => ({
        ...fieldChoiceField.extractProps(info, dynamicInfo),
        choices: info.options.choices || "fields",
    }),
});
registry.category("fields").add("marketing_step_operation", { ...selectionField, component: StepOperationField });
registry.category("fields").add("marketing_step_value", {
    component: StepValueField,
    displayName: _t("The value that a step sets"),
    supportedTypes: ["json"],
    isEmpty: () => false,
});
