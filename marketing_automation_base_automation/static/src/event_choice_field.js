import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";

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
