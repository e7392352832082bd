import { odooExceptionTitleMap, WarningDialog } from "@web/core/errors/error_dialogs";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

// The web client knows most of Odoo's exceptions by their names, not those that are derived from them.
const NAMES = [
    "odoo.exceptions.LockError",
    "odoo.addons.marketing_automation.models.guards.marketing_checked_mixin.NotSingleError",
];

const dialogs = registry.category("error_dialogs");
for (const name of NAMES) {
    if (!dialogs.contains(name)) {
        odooExceptionTitleMap.set(name, _t("Invalid Operation"));
        dialogs.add(name, WarningDialog);
    }
}
