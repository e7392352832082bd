import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { useFocusReturn } from "./focus_return";
import { MissingFieldsModel } from "./missing_fields/missing_fields";

/** A form of a dialog: it says which fields are missing, and keeps the keyboard's place. */
export class MarketingFormController extends FormController {
    setup() {
        super.setup();
        useFocusReturn(this.rootRef);
    }
}

registry.category("views").add("marketing_form", {
    ...formView,
    Controller: MarketingFormController,
    Model: MissingFieldsModel,
});
