import { onWillDestroy, toRaw } from "@odoo/owl";

import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { Notebook } from "@web/core/notebook/notebook";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { FormController } from "@web/views/form/form_controller";
import { FormRenderer } from "@web/views/form/form_renderer";
import { formView } from "@web/views/form/form_view";
import { useFocusReturn } from "../focus_return";
import { useFault } from "./fault";
import { MissingFieldsModel } from "../missing_fields/missing_fields";

const ABOVE_EDITOR = 3000; // the editor's own buttons have a sequence of some 1000

/** Have dialogs that open while a template is written lie over the buttons of the editor's blocks, not below them. */
function useDialogsAboveEditor() {
    const unpatch = patch(useService("overlay"), {
        add(component, props, options = {}) {
            return super.add(component, props, { ...options, sequence: options.sequence ?? ABOVE_EDITOR });
        },
    });
    onWillDestroy(unpatch);
}

/** A page that is left takes its editor with it: what was written there is taken over first. */
export class TemplateNotebook extends Notebook {
    /** Open the page that the context names, where what is to be mended is found. */
    computeActivePage(defaultPage, activateDefault) {
        const { marketing_page: name } = this.env.model.root.context;
        const asked = this.state.currentPage ? undefined : this.pages.find(([, page]) => page.name === name);
        return super.computeActivePage(asked ? asked[0] : defaultPage, activateDefault);
    }

    async activatePage(page) {
        await this.env.model.root.isDirty(); // asks the fields for what they have not handed on yet
        super.activatePage(page);
    }
}

export class TemplateFormRenderer extends FormRenderer {
    static components = { ...FormRenderer.components, Notebook: TemplateNotebook };
}

/** The form of a campaign's template, in which nothing that was written is lost without a question. */
export class TemplateFormController extends FormController {
    setup() {
        super.setup();
        useDialogsAboveEditor();
        useFocusReturn(this.rootRef);
        useFault(this.rootRef, this.props.context.marketing_fault);
        this.isWriting = false;
        useBus(this.model.bus, "FIELD_IS_DIRTY", ({ detail }) => (this.isWriting = detail));
        if (this.env.inDialog) {
            const dialogData = toRaw(this.env.dialogData); // to read and write it without being rendered again
            const { dismiss } = dialogData;
            dialogData.dismiss = async () => {
                if (!(await this.mayDiscard())) {
                    await new Promise(() => {}); // the dialog closes as soon as it is answered
                }
                return dismiss?.();
            };
        }
    }

    async discard() {
        if (!this.env.inDialog || (await this.mayDiscard())) {
            return super.discard();
        }
    }

    async beforeUnload(ev) {
        if (this.isWriting) {
            // The mail's styles take longer to be made than a page that is closed has: stay, if the user wants to.
            ev.preventDefault();
            ev.returnValue = "Unsaved changes";
            return;
        }
        return super.beforeUnload(ev);
    }

    /** @returns {Promise<boolean>} whether there is nothing unsaved, or the user does not want it */
    async mayDiscard() {
        if (!(await this.model.root.isDirty())) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialogService.add(ConfirmationDialog, {
                title: _t("Not saved yet"),
                body: _t("What you have changed in this template is not saved."),
                // Enter and Escape lose nothing
                confirmLabel: _t("Go on writing"),
                confirm: () => resolve(false),
                dismiss: () => resolve(false),
                cancelLabel: _t("Discard"),
                cancel: () => resolve(true),
            });
        });
    }
}

registry.category("views").add("marketing_template_form", {
    ...formView,
    Controller: TemplateFormController,
    Model: MissingFieldsModel,
    Renderer: TemplateFormRenderer,
});
