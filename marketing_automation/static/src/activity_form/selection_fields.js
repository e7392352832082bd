import { Component, onWillStart, useRef } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Palette } from "../palette/palette";

const MISSING = "missing"; // what an uninstalled addon leaves behind; nobody chooses it

/** The type of an activity: a button that opens all of them. */
export class ActivityTypeField extends Component {
    static template = "marketing_automation.ActivityTypeField";
    static props = { ...standardFieldProps };

    setup() {
        this.button = useRef("button");
        this.palette = usePopover(Palette, {
            position: "bottom-start",
            popoverClass: "o_marketing_palette_popover",
            onClose: () => this.button.el?.focus(),
        });
        const types = useService("marketing_activity_types");
        onWillStart(async () => (this.types = await types.load()));
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get current() {
        const missing = {
            type: MISSING,
            label: this.getLabel(),
            hint: "",
            icon: "fa-question-circle",
            group: "record",
        };
        return this.types.find(({ type }) => type === this.value) || missing;
    }

    getLabel() {
        const { selection } = this.props.record.fields[this.props.name];
        return selection.find(([type]) => type === this.value)?.[1] || "";
    }

    open() {
        this.palette.open(this.button.el, {
            types: this.types,
            current: this.value,
            onChoose: (type) => this.props.record.update({ [this.props.name]: type }),
        });
    }
}

/** The trigger of an activity: one of those that the activity before it can give. */
export class TriggerTypeField extends SelectionField {
    get options() {
        const { allowed_trigger_types: allowed } = this.props.record.data;
        return super.options.filter(([type]) => type === this.value || !allowed || allowed.includes(type));
    }
}

registry.category("fields").add("marketing_activity_type", {
    component: ActivityTypeField,
    displayName: _t("Type of an activity"),
    supportedTypes: ["selection"],
});
registry.category("fields").add("marketing_trigger_type", { ...selectionField, component: TriggerTypeField });
