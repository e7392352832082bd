import { odooExceptionTitleMap, WarningDialog } from "@web/core/errors/error_dialogs";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

// The web client knows Odoo's own exceptions by their names, not those that are derived from them.
const NOT_SINGLE_ERROR = "odoo.addons.marketing_automation.models.checked_values.NotSingleError";

odooExceptionTitleMap.set(NOT_SINGLE_ERROR, _t("Invalid Operation"));
registry.category("error_dialogs").add(NOT_SINGLE_ERROR, WarningDialog);
