import { Component, useEffect, useState } from "@odoo/owl";

import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { escapeRegExp } from "@web/core/utils/strings";
import { useDebounced } from "@web/core/utils/timing";
import { useInputField } from "@web/views/fields/input_field_hook";
import { IntegerField, integerField } from "@web/views/fields/integer/integer_field";
import { InvalidNumberError } from "@web/views/fields/parsers";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const TYPING = 300; // milliseconds after the last key

/**
 * Odoo's own parser takes "1,5" for 15 (as it does "1.5", where a point separates thousands), "=1.5" for 1, and
 * nothing for 0. Here a number is what is written as one.
 *
 * @param {string} text as "7", "-1" or "1,000", in the reader's way of writing
 * @returns {number} the number that is written
 * @throws {InvalidNumberError}
 */
export function parseWholeNumber(text) {
    const separator = localization.thousandsSep.trim() ? escapeRegExp(localization.thousandsSep) : "\\s";
    const written = text.trim();
    if (!new RegExp(`^-?(\\d+|\\d{1,3}(${separator}\\d{2,3})*${separator}\\d{3})$`).test(written)) {
        throw new InvalidNumberError(`"${text}" is not a whole number`);
    }
    return Number(written.replace(new RegExp(separator, "g"), ""));
}

/** A whole number: nothing is rounded, and nothing guessed. */
export class WholeNumberField extends IntegerField {
    setup() {
        // in place of Odoo's own, whose parser it is about
        this.state = useState({ hasFocus: false });
        const inputRef = useInputField({
            getValue: () => this.formattedValue,
            refName: "numpadDecimal",
            parse: parseWholeNumber,
        });
        const take = useDebounced((text) => this.take(text), TYPING);
        useEffect(
            (input) => {
                const onInput = () => take(input.value);
                input?.addEventListener("input", onInput);
                return () => input?.removeEventListener("input", onInput);
            },
            () => [inputRef.el]
        );
    }

    /** What the form says of the number is said while it is typed, not only once the field is left. */
    take(text) {
        const { name, record } = this.props;
        let number = record.data[name];
        try {
            number = parseWholeNumber(text);
        } catch {
            // something is still missing
        }
        if (number !== record.data[name]) {
            record.update({ [name]: number });
        }
    }
}

/** What is wrong with a number, beside it: what the server says, or that it is none at all. */
export class NumberErrorField extends Component {
    static template = "marketing_automation.NumberErrorField";
    static props = { ...standardFieldProps, numberField: String };

    get words() {
        const { name, numberField, record } = this.props;
        if (record.isFieldInvalid(numberField)) {
            return _t("A whole number, 0 or more.");
        }
        return record.data[name] || "";
    }
}

registry.category("fields").add("marketing_whole_number", { ...integerField, component: WholeNumberField });
registry.category("fields").add("marketing_number_error", {
    component: NumberErrorField,
    displayName: _t("What is wrong with a number"),
    supportedTypes: ["char"],
    extractProps: ({ options }) => ({ numberField: options.number_field }),
    isEmpty: () => false,
});
