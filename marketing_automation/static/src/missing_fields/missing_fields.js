import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formView } from "@web/views/form/form_view";

const FOCUSABLE = "input, textarea, select, button, [contenteditable=true], [tabindex]";

/** The form that is in front. */
function frontForm() {
    return [...document.querySelectorAll(".o_form_view")].at(-1);
}

/** What a field is called where the user sees it. */
function shownLabel(name) {
    return frontForm()?.querySelector(`label.o_form_label[for^="${name}_"]`)?.firstChild?.textContent.trim();
}

/** Put the cursor into the first of some fields. */
function focusFirst(names) {
    const form = frontForm();
    const fields = form ? [...form.querySelectorAll(".o_field_widget[name]")] : [];
    const first = fields.find((field) => names.includes(field.getAttribute("name")));
    first?.querySelector(FOCUSABLE)?.focus();
}

/** A record that says which of its fields keep it from being saved, where Odoo says that some do. */
export class MissingFieldsRecord extends formView.Model.Record {
    _displayInvalidFieldNotification() {
        const names = [...this._invalidFields];
        const describe = (those) => those.map((name) => `“${shownLabel(name) || this.fields[name].string}”`).join(", ");
        const missing = names.filter((name) => !this.data[name]);
        const wrong = names.filter((name) => this.data[name]);
        const sentences = [];
        if (missing.length) {
            sentences.push(_t("Fill in %s.", describe(missing)));
        }
        if (wrong.length) {
            sentences.push(_t("Correct %s.", describe(wrong)));
        }
        browser.setTimeout(() => focusFirst(names));
        return this.model.notification.add(sentences.join(" "), { title: _t("Not saved yet"), type: "danger" });
    }
}

export class MissingFieldsModel extends formView.Model {
    static Record = MissingFieldsRecord;
}

registry.category("views").add("marketing_activity_form", { ...formView, Model: MissingFieldsModel });
