import { onWillStart, onWillUpdateProps } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { sortBy } from "@web/core/utils/arrays";
import { useService } from "@web/core/utils/hooks";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";

/**
 * A field of the record, chosen by what it is called. Unlike Odoo's own selector of fields it is reached by the
 * keyboard, and says what is to be chosen while nothing is.
 */
export class FieldChoiceField extends SelectionField {
    static props = { ...SelectionField.props, resModel: String };

    setup() {
        super.setup();
        this.fieldService = useService("field");
        onWillStart(() => this.loadFields(this.props));
        onWillUpdateProps((props) => this.loadFields(props));
    }

    async loadFields({ record, resModel }) {
        const model = record.data[resModel];
        this.definitions = model ? await this.fieldService.loadFields(model) : {};
    }

    /** Whether a field is offered. */
    accepts() {
        return true;
    }

    get options() {
        const { value } = this;
        const fields = Object.values(this.definitions).filter((field) => field.name === value || this.accepts(field));
        const count = (label) => fields.filter(({ string }) => string === label).length;
        return sortBy(
            fields.map(({ name, string }) => [name, count(string) > 1 ? `${string} (${name})` : string]),
            ([, label]) => label.toLowerCase()
        );
    }

    get string() {
        const { value } = this;
        return value ? this.definitions[value]?.string || value : "";
    }

    onChange(value) {
        return this.props.record.update({ [this.props.name]: value || false });
    }
}

/** A date of the record: one that the target itself stores. */
export class DateOfRecordField extends FieldChoiceField {
    accepts({ type, store }) {
        return ["date", "datetime"].includes(type) && store;
    }
}

export const fieldChoiceField = {
    ...selectionField,
    displayName: _t("Field of the record"),
    supportedTypes: ["char"],
    isEmpty: (record, name) => !record.data[name],
    extractProps: (info, dynamicInfo) => ({
        ...selectionField.extractProps(info, dynamicInfo),
        resModel: "model_name",
    }),
};

registry.category("fields").add("marketing_date_field", { ...fieldChoiceField, component: DateOfRecordField });
