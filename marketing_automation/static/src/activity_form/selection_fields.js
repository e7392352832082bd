import { registry } from "@web/core/registry";
import { RadioField, radioField } from "@web/views/fields/radio/radio_field";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";

const MISSING = "missing"; // what an uninstalled addon leaves behind; nobody chooses it

/** The type of an activity. */
export class ActivityTypeField extends RadioField {
    get items() {
        return super.items.filter(([type]) => type !== MISSING || this.value === MISSING);
    }
}

/** The trigger of an activity: one of those that the activity before it can give. */
export class TriggerTypeField extends SelectionField {
    get options() {
        const { allowed_trigger_types: allowed } = this.props.record.data;
        return super.options.filter(([type]) => type === this.value || !allowed || allowed.includes(type));
    }
}

registry.category("fields").add("marketing_activity_type", { ...radioField, component: ActivityTypeField });
registry.category("fields").add("marketing_trigger_type", { ...selectionField, component: TriggerTypeField });
