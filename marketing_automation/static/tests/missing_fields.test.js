import { expect, test } from "@odoo/hoot";
import { unload } from "@odoo/hoot-dom";
import { animationFrame, mockSendBeacon, runAllTimers } from "@odoo/hoot-mock";
import { contains, defineModels, fields, mockService, models, mountView } from "@web/../tests/web_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";

class MarketingCampaign extends models.Model {
    _name = "marketing.campaign";

    name = fields.Char({ required: true, string: "Name" });
    goal = fields.Char({ string: "Goal" });

    _views = { form: `<form js_class="marketing_campaign_form"><field name="name"/><field name="goal"/></form>` };
}

class MarketingSample extends models.Model {
    _name = "marketing.sample";

    recipient = fields.Char({ required: true, string: "Send it to" });
    number = fields.Integer({ string: "How Often" });

    _views = {
        form: `<form js_class="marketing_form">
            <group><field name="recipient"/><field name="number"/></group>
        </form>`,
    };
}

class ResConfigSettings extends models.Model {
    _name = "res.config.settings";

    marketing_automation_action_time_limit = fields.Integer({ string: "Time Limit of Actions" });
    other = fields.Integer({ string: "Of another app" });

    _views = {
        form: `<form js_class="base_settings"><app string="Marketing Automation" name="marketing_automation">
            <block><setting><field name="marketing_automation_action_time_limit"/><field name="other"/></setting></block>
        </app></form>`,
    };
}

defineMailModels();
defineModels([MarketingCampaign, MarketingSample, ResConfigSettings]);

function spyNotifications() {
    mockService("notification", {
        add(message) {
            expect.step(String(message));
            return () => {};
        },
    });
}

test("what is missing or wrong is named, and the first of it is where one is", async () => {
    spyNotifications();
    await mountView({ type: "form", resModel: "marketing.sample" });
    await contains("[name=number] input").edit("abc", { confirm: "tab" });
    await contains(".o_form_button_save").click();
    expect.verifySteps(["Fill in “Send it to”. Correct “How Often”."]);
    await runAllTimers();
    expect("[name=recipient] input").toBeFocused();
});

test("so it is in the settings of this app, and in those of no other", async () => {
    spyNotifications();
    await mountView({ type: "form", resModel: "res.config.settings" });
    const limit = "[name=marketing_automation_action_time_limit] input";
    await contains(limit).edit("abc", { confirm: "tab" });
    await contains(".o_form_button_save").click();
    expect.verifySteps(["Correct “Time Limit of Actions”."]);
    await contains(limit).edit("3", { confirm: "tab" });
    await contains("[name=other] input").edit("abc", { confirm: "tab" });
    await contains(".o_form_button_save").click();
    expect.verifySteps(["Missing required fields"]);
});

test("a new campaign into which nothing was typed is left without a question", async () => {
    spyNotifications();
    mockSendBeacon(() => {
        expect.step("saved");
        return true;
    });
    await mountView({ type: "form", resModel: "marketing.campaign" });
    const [untouched] = await unload();
    await animationFrame();
    expect(untouched.defaultPrevented).toBe(false);
    expect.verifySteps([]);

    await contains("[name=goal] input").edit("More", { confirm: false });
    const [nameless] = await unload();
    await animationFrame();
    expect(nameless.defaultPrevented).toBe(true);
    expect.verifySteps(["Fill in “Name”."]);

    await contains("[name=name] input").edit("Spring", { confirm: false });
    await unload();
    await animationFrame();
    expect.verifySteps(["saved"]);
});
