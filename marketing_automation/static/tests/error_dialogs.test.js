import { expect, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { makeMockEnv, makeServerError, mockService } from "@web/../tests/web_test_helpers";
import { odooExceptionTitleMap, WarningDialog } from "@web/core/errors/error_dialogs";

const NOT_SINGLE_ERROR = "odoo.addons.marketing_automation.models.guards.marketing_checked_mixin.NotSingleError";

defineMailModels();

test("what works on one record says so in a dialog without a traceback", async () => {
    expect.errors(1);
    mockService("dialog", {
        add: (Dialog) => {
            expect(Dialog).toBe(WarningDialog);
            expect.step("dialog");
        },
    });
    await makeMockEnv();
    const error = makeServerError({ message: "One record at a time." });
    error.exceptionName = NOT_SINGLE_ERROR;
    Promise.reject(error);
    await animationFrame();
    expect.verifySteps(["dialog"]);
    expect.verifyErrors(["RPC_ERROR: One record at a time."]);
    expect(String(odooExceptionTitleMap.get(NOT_SINGLE_ERROR))).toBe("Invalid Operation");
});
