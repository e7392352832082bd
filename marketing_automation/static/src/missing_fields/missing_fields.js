import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { formView } from "@web/views/form/form_view";
import { settingsFormView } from "@web/webclient/settings_form_view/settings_form_view";

const FOCUSABLE = "input, textarea, select, button, [contenteditable=true], [tabindex]";
const OUR_SETTINGS = "marketing_automation_"; // how their names begin

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

/**
 * Say which fields keep a record from being saved, where Odoo says that some do.
 *
 * @param {object} record
 * @returns {() => void} closes what is said
 */
function tellInvalidFields(record) {
    const names = [...record._invalidFields];
    const describe = (those) => those.map((name) => `“${shownLabel(name) || record.fields[name].string}”`).join(", ");
    const isMissing = (name) => !record.data[name] && !isTyped(name);
    const missing = names.filter(isMissing);
    const wrong = names.filter((name) => !isMissing(name));
    const sentences = [];
    if (missing.length) {
        sentences.push(_t("Fill in %s.", describe(missing)));
    }
    if (wrong.length) {
        sentences.push(_t("Correct %s.", describe(wrong)));
    }
    browser.setTimeout(() => focusFirst(names));
    return record.model.notification.add(sentences.join(" "), { title: _t("Not saved yet"), type: "danger" });
}

/** Whether a field holds something, though nothing that it could be: the record does not know of that. */
function isTyped(name) {
    const input = frontForm()?.querySelector(`.o_field_widget[name="${name}"] input`);
    return Boolean(input?.value?.trim());
}

/** A record that says which of its fields keep it from being saved. */
export class MissingFieldsRecord extends formView.Model.Record {
    _displayInvalidFieldNotification() {
        return tellInvalidFields(this);
    }
}

export class MissingFieldsModel extends formView.Model {
    static Record = MissingFieldsRecord;
}

// All apps share one form of settings: the others' are told as they tell them.
patch(settingsFormView.Model.Record.prototype, {
    _displayInvalidFieldNotification() {
        return [...this._invalidFields].some((name) => name.startsWith(OUR_SETTINGS))
            ? tellInvalidFields(this)
            : super._displayInvalidFieldNotification();
    },
});
