import { _t } from "@web/core/l10n/translation";

/** A view of campaigns that says, before it archives some, that those stop which are running. */
export const stopsWhenArchived = (Controller) =>
    class extends Controller {
        get archiveDialogProps() {
            const { root } = this.model;
            const records = root.selection || [root]; // of a list, or the record of a form
            if (!root.isDomainSelected && !records.some((record) => record.data.state === "running")) {
                return super.archiveDialogProps;
            }
            return {
                ...super.archiveDialogProps,
                title: _t("Stop and archive?"),
                body: root.selection
                    ? _t("Running campaigns stop: nothing runs until you restore them and start them again.")
                    : _t(
                          "This campaign is running. Archiving stops it: nothing runs until you restore it and start it again."
                      ),
                confirmLabel: _t("Stop and Archive"),
            };
        }
    };
