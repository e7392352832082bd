import { expect, test } from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    makeMockEnv,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { localization } from "@web/core/l10n/localization";

import { parseWholeNumber } from "@marketing_automation/activity_form/whole_number_field";

class MarketingActivity extends models.Model {
    _name = "marketing.activity";

    interval_number = fields.Integer();
    interval_error = fields.Char();

    _records = [{ id: 1, interval_number: 2 }];
    _views = {
        form: `<form>
            <field name="interval_number" widget="marketing_whole_number"/>
            <field name="interval_error" widget="marketing_number_error" options="{'number_field': 'interval_number'}"/>
        </form>`,
    };
}

defineMailModels();
defineModels([MarketingActivity]);

test("what is written as a whole number is one", async () => {
    await makeMockEnv();
    for (const [text, number] of Object.entries({ 0: 0, " 7 ": 7, "-1": -1, "1,000": 1000, "1,00,000": 100000 })) {
        expect(parseWholeNumber(text)).toBe(number);
    }
    for (const text of ["", " ", "two", "1.5", "1,5", "=1.5", "1e3", "1.000", "1,0000", "+=2", "--1"]) {
        expect(() => parseWholeNumber(text)).toThrow();
    }
});

test("in the reader's way of writing", async () => {
    await makeMockEnv();
    patchWithCleanup(localization, { decimalPoint: ",", thousandsSep: "." });
    expect(parseWholeNumber("1.000")).toBe(1000);
    for (const text of ["1.5", "1,5", "1,000"]) {
        expect(() => parseWholeNumber(text)).toThrow();
    }
    patchWithCleanup(localization, { thousandsSep: "\u202f" });
    expect(parseWholeNumber("1 000")).toBe(1000);
    expect(parseWholeNumber("1\u202f000")).toBe(1000);
    expect(() => parseWholeNumber("1 5")).toThrow();
    patchWithCleanup(localization, { thousandsSep: "" });
    expect(parseWholeNumber("1000")).toBe(1000);
});

test("what is no whole number is told beside it", async () => {
    onRpc("web_save", ({ args }) => expect.step(args[1].interval_number));
    await mountView({ type: "form", resModel: "marketing.activity", resId: 1 });
    const errors = "[name=interval_error]";
    expect(errors).toHaveText("");
    for (const text of ["1,5", "abc", ""]) {
        await contains("[name=interval_number] input").edit(text, { confirm: "tab" });
        expect(errors).toHaveText("A whole number, 0 or more.");
        expect("[name=interval_number] input").toHaveValue(text);
        expect("[name=interval_number]").toHaveClass("o_field_invalid");
    }
    await contains("[name=interval_number] input").edit("3", { confirm: "tab" });
    expect(errors).toHaveText("");
    await contains(".o_form_button_save").click();
    expect.verifySteps([3]);
});
