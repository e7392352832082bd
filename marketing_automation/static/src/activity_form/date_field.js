import { registry } from "@web/core/registry";
import { FieldSelectorField, fieldSelectorField } from "@web/views/fields/field_selector/field_selector_field";

/** A date of the record: one that the target itself stores. */
export class DateOfRecordField extends FieldSelectorField {
    filter(field) {
        return ["date", "datetime"].includes(field.type) && field.store;
    }
}

registry.category("fields").add("marketing_date_field", { ...fieldSelectorField, component: DateOfRecordField });
