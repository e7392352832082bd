import { registry } from "@web/core/registry";
import { useBus } from "@web/core/utils/hooks";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { stopsWhenArchived } from "../archiving/archiving";
import { useFocusReturn } from "../focus_return";
import { MissingFieldsModel } from "../missing_fields/missing_fields";

/** The form of a campaign. */
export class CampaignFormController extends stopsWhenArchived(FormController) {
    setup() {
        super.setup();
        this.isTyping = false;
        useBus(this.model.bus, "FIELD_IS_DIRTY", ({ detail }) => (this.isTyping = detail));
        useFocusReturn(this.rootRef);
    }

    /** Leave a new campaign alone into which nothing was typed: Odoo would try to save it, and ask for its name. */
    async beforeUnload(ev) {
        const { root } = this.model;
        if (root.isNew && !root.dirty && !this.isTyping) {
            return;
        }
        return super.beforeUnload(ev);
    }
}

registry.category("views").add("marketing_campaign_form", {
    ...formView,
    Controller: CampaignFormController,
    Model: MissingFieldsModel,
});
