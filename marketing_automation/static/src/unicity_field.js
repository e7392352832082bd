import { registry } from "@web/core/registry";
import { FieldSelectorField, fieldSelectorField } from "@web/views/fields/field_selector/field_selector_field";

const TYPES = ["char", "integer", "selection", "many2one"]; // as UNIQUE_FIELD_TYPES of the server

/** The field by which an audience is unique: one that the target itself stores, the same for everybody. */
export class UnicityField extends FieldSelectorField {
    filter(field) {
        return TYPES.includes(field.type) && field.store && !field.translate && !field.company_dependent;
    }
}

registry.category("fields").add("marketing_unicity", { ...fieldSelectorField, component: UnicityField });
