import { expect, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { makeMockEnv, makeServerError, mockService } from "@web/../tests/web_test_helpers";
import { odooExceptionTitleMap, WarningDialog } from "@web/core/errors/error_dialogs";

const NAMES = [
    "odoo.exceptions.LockError",
    "odoo.addons.marketing_automation.models.guards.marketing_checked_mixin.NotSingleError",
];

defineMailModels();

for (const name of NAMES) {
    test(`${name.split(".").at(-1)} is said in a dialog without a traceback`, async () => {
        expect.errors(1);
        mockService("dialog", {
            add: (Dialog) => {
                expect(Dialog).toBe(WarningDialog);
                expect.step("dialog");
            },
        });
        await makeMockEnv();
        const error = makeServerError({ message: "Try again in a moment." });
        error.exceptionName = name;
        Promise.reject(error);
        await animationFrame();
        expect.verifySteps(["dialog"]);
        expect.verifyErrors(["RPC_ERROR: Try again in a moment."]);
        expect(String(odooExceptionTitleMap.get(name))).toBe("Invalid Operation");
    });
}
