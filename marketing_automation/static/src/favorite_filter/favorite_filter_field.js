import { useDropdownState } from "@web/core/dropdown/dropdown_hooks";
import { registry } from "@web/core/registry";

import { FieldMany2OneMailingFilter } from "@mass_mailing/js/mailing_m2o_filter";

/**
 * Favorite filters as in Email Marketing, on a campaign: one that was saved shows at once, and the
 * popover closes. Odoo's own hides the filter until the form is saved, where it is the first one.
 */
export class FavoriteFilterField extends FieldMany2OneMailingFilter {
    static template = "marketing_automation.FavoriteFilterField";

    setup() {
        super.setup();
        this.dropdown = useDropdownState();
    }

    async onSaveFilter(ev) {
        const isNamed = document.querySelector("input.o_mass_mailing_filter_name").value.trim();
        await super.onSaveFilter(ev);
        if (isNamed) {
            this.dropdown.close();
            await this.count(1);
        }
    }

    async onRemoveFilter(ev) {
        await super.onRemoveFilter(ev);
        await this.count(-1);
    }

    count(added) {
        const { record } = this.props;
        return record.update({ mailing_filter_count: record.data.mailing_filter_count + added });
    }
}

registry.category("fields").add("marketing_favorite_filter", {
    ...registry.category("fields").get("mailing_filter"),
    component: FavoriteFilterField,
});
