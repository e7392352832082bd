import { status } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { MassMailingHtmlField, massMailingHtmlField } from "@mass_mailing/fields/html_field/mass_mailing_html_field";

const PATH = /^\s*object\.(\w+(?:\.\w+)*)\s*$/;
const NAMES = ["name", "display_name"];

/** @returns {string} for a text in CSS, whatever a field is called */
function quote(text) {
    return `"${text.replace(/["\\\n\r]/g, (character) => `\\${character.charCodeAt(0).toString(16)} `)}"`;
}

/**
 * A placeholder reads as what it stands for, as on the card: “Name”, where Odoo's editor shows “object.name”.
 *
 * The words are those of a style sheet: nothing in the text changes, and nothing of them is saved or sent.
 */
export class MailBodyField extends MassMailingHtmlField {
    setup() {
        super.setup();
        this.fieldService = useService("field");
        this.placeholderWords = new Map(); // the expression -> its words; "" where Odoo shows it as it is
    }

    onIframeLoad(iframeLoaded) {
        super.onIframeLoad(iframeLoaded);
        const { contentDocument } = this.iframeRef.el;
        const style = contentDocument.head.appendChild(contentDocument.createElement("style"));
        const show = () => this.showPlaceholderWords(contentDocument, style);
        const { MutationObserver } = contentDocument.defaultView;
        new MutationObserver(show).observe(contentDocument.body, { childList: true, subtree: true });
        show();
    }

    async showPlaceholderWords(page, style) {
        const expressions = [...page.querySelectorAll("[t-out]")].map((element) => element.getAttribute("t-out"));
        const unknown = expressions.filter((expression) => !this.placeholderWords.has(expression));
        const load = async (expression) => {
            this.placeholderWords.set(expression, "");
            this.placeholderWords.set(expression, await this.loadPlaceholderWords(expression));
        };
        await Promise.all([...new Set(unknown)].map(load));
        if (status(this) === "destroyed") {
            return;
        }
        const rules = [...this.placeholderWords]
            .filter(([, words]) => words)
            .map(([path, words]) => `[t-out=${quote(path)}]:empty::before { content: ${quote(words)} !important; }`)
            .join("\n");
        if (style.textContent !== rules) {
            style.textContent = rules;
        }
    }

    /** @returns {Promise<string>} the label of the field; the name of a salesperson is the salesperson */
    async loadPlaceholderWords(expression) {
        const path = PATH.exec(expression);
        if (!path) {
            return "";
        }
        const { mailing_model_real: model } = this.props.record.data;
        const { isInvalid, names, modelsInfo } = await this.fieldService.loadPath(model, path[1]);
        if (isInvalid) {
            return "";
        }
        return names.reduce(
            (words, name, level) => (words && NAMES.includes(name) ? words : modelsInfo[level].fieldDefs[name].string),
            ""
        );
    }
}

registry.category("fields").add("marketing_mail_body", { ...massMailingHtmlField, component: MailBodyField });
