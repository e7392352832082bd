import { describe, expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame } from "@odoo/hoot-dom";
import { contains, defineModels, fields, mockService, models, mountView, onRpc } from "@web/../tests/web_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";

const STEP = {
    activity_id: 1,
    type: "email",
    type_label: "Email",
    icon: "fa-envelope-o",
    trigger: "As soon as a record enters the campaign",
    chip: "At once",
    tone: "neutral",
    attempt: 1,
    due: "2026-06-01 08:00:00",
    done: false,
    until: false,
    reason: "",
    note: "",
    events: [],
    can_run: false,
    can_retry: false,
    fires: [],
    children: [],
};
const WELCOME = { ...STEP, key: "trace-1", trace_id: 1, name: "Welcome", state: "scheduled", state_label: "Scheduled" };
const DONE = { ...WELCOME, state: "processed", state_label: "Processed", done: "2026-06-01 08:00:00" };
const WAITING = {
    ...STEP,
    key: "wait-1-2",
    trace_id: false,
    name: "Thanks",
    state: "waiting",
    state_label: "Waiting",
    due: false,
    until: "2026-06-03 08:00:00",
    note: "Waits for a click.",
};
const OPEN = { event: "open", label: "As if opened", awaited: true };
const BOUNCE = { event: "bounce", label: "As if bounced", awaited: false };

class Participant extends models.Model {
    _name = "marketing.participant";

    timeline_data = fields.Json();

    _records = [];
}

defineMailModels();
defineModels([Participant]);
describe.current.tags("desktop");

const timeline = (steps, values = {}) => ({ is_test: true, can_write: true, is_paused: false, steps, ...values });

/** Show a participant; it has the next timeline each time that it is read. */
async function mountTimeline(...timelines) {
    Participant._records = [{ id: 1, timeline_data: timelines[0] }];
    let reads = 0;
    onRpc("marketing.participant", "web_read", () => {
        const data = timelines[Math.min(reads++, timelines.length - 1)];
        return [{ id: 1, display_name: "Ada", timeline_data: data }];
    });
    await mountView({
        type: "form",
        resModel: "marketing.participant",
        resId: 1,
        arch: `<form><field name="timeline_data" widget="marketing_timeline" readonly="1"/></form>`,
    });
}

test("a participant's steps as a tree, without buttons", async () => {
    const sent = { event: "sent", label: "Sent", date: "2026-06-01 08:00:00" };
    const welcome = { ...DONE, events: [sent], children: [WAITING] };
    await mountTimeline(timeline([welcome], { is_test: false }));
    expect("[data-name=Welcome] > article .o_marketing_timeline_state").toHaveText("Processed");
    expect("[data-name=Welcome] > article [data-event=sent]").toHaveText(/Sent Jun 1, 2026/);
    expect("[data-name=Welcome] [data-name=Thanks] .o_marketing_timeline_note").toHaveText("Waits for a click.");
    expect("[data-name=Thanks] .o_marketing_timeline_when").toHaveText(/Until Jun 3, 2026/);
    expect("[data-name=Thanks] button").toHaveCount(0);
    expect(".o_marketing_timeline_buttons").toHaveCount(0);
});

test("why a step did not run", async () => {
    const rejected = { ...WELCOME, state: "rejected", state_label: "Rejected", reason: "No match." };
    await mountTimeline(timeline([rejected], { is_paused: true }));
    expect(".o_marketing_timeline_reason").toHaveText("No match.");
    expect(".alert-warning").toHaveText(/The campaign is stopped/);
});

test("nothing to show yet", async () => {
    await mountTimeline(timeline([]));
    expect(".o_marketing_timeline").toHaveText("There is no step yet.");
});

test("run a step of a test: the result shows at once, and the focus stays with it", async () => {
    onRpc("marketing.trace", "action_run_test", ({ args }) => {
        expect.step(["run", ...args[0]]);
        return true;
    });
    await mountTimeline(timeline([{ ...WELCOME, can_run: true }]), timeline([{ ...DONE, children: [WAITING] }]));
    expect(".o_marketing_timeline_run").toHaveAttribute("aria-label", "Run: Welcome");
    await contains(".o_marketing_timeline_run").click();
    expect.verifySteps([["run", 1]]);
    await animationFrame();
    expect("[data-name=Welcome] > article .o_marketing_timeline_state").toHaveText("Processed");
    expect("[data-name=Thanks]").toHaveCount(1);
    expect(".o_marketing_timeline_run").toHaveCount(0);
    expect("[data-name=Welcome] > article .o_marketing_timeline_name").toBeFocused();
    expect(".o_marketing_timeline [role=status].visually-hidden").toHaveText("Welcome, Processed");
});

test("fire what is waited for, and what is not", async () => {
    onRpc("marketing.trace", "action_fire_event", ({ args }) => {
        expect.step(args);
        return true;
    });
    await mountTimeline(timeline([{ ...DONE, fires: [OPEN, BOUNCE] }]));
    expect(".o_marketing_timeline_fire").toHaveCount(1);
    await contains(".o_marketing_timeline_fire").click();
    expect.verifySteps([[[1], "open"]]);
    await contains(".o_marketing_timeline_more").click();
    await contains(".o-dropdown-item:contains('As if bounced')").click();
    expect.verifySteps([[[1], "bounce"]]);
});

test("retry an error of a participant", async () => {
    onRpc("marketing.trace", "action_retry", ({ args }) => {
        expect.step(args);
        return true;
    });
    const broken = { ...WELCOME, state: "error", state_label: "Error", can_retry: true };
    await mountTimeline(timeline([broken], { is_test: false }), timeline([WELCOME], { is_test: false }));
    await contains(".o_marketing_timeline_retry").click();
    expect.verifySteps([[[1]]]);
    await animationFrame();
    expect(".o_marketing_timeline_retry").toHaveCount(0);
});

test("who may not write the campaign has no buttons", async () => {
    const steps = [{ ...WELCOME, can_run: true }];
    await mountTimeline(timeline(steps, { can_write: false }));
    expect(".o_marketing_timeline_buttons").toHaveCount(0);
});

test("the name of a step opens its trace", async () => {
    mockService("action", {
        doAction(action) {
            expect.step([action.res_model, action.res_id]);
        },
    });
    await mountTimeline(timeline([{ ...DONE, children: [WAITING] }]));
    await contains("button.o_marketing_timeline_name").click();
    expect.verifySteps([["marketing.trace", 1]]);
});

test("who comes back from the mail of a test sees what happened", async () => {
    onRpc("marketing.participant", "action_refresh_test", () => {
        expect.step("refresh");
        return true;
    });
    await mountTimeline(timeline([DONE]), timeline([{ ...DONE, children: [WAITING] }]));
    document.dispatchEvent(new Event("visibilitychange"));
    await animationFrame();
    await animationFrame();
    expect.verifySteps(["refresh"]);
    expect("[data-name=Thanks]").toHaveCount(1);
});

test("a participant of the campaign is left to the campaign", async () => {
    onRpc("marketing.participant", "action_refresh_test", () => expect.step("refresh"));
    await mountTimeline(timeline([DONE], { is_test: false }));
    document.dispatchEvent(new Event("visibilitychange"));
    await animationFrame();
    expect.verifySteps([]);
});

test("what happens to a participant of the campaign shows by itself, until nothing more can", async () => {
    onRpc("marketing.participant", "action_refresh_test", () => expect.step("refresh"));
    const open = { event: "open", label: "Opened", date: "2026-06-01 09:00:00" };
    const waiting = timeline([{ ...DONE, children: [WAITING] }], { is_test: false });
    const clicked = timeline([{ ...DONE, events: [open], children: [{ ...DONE, key: "trace-2", name: "Thanks" }] }], {
        is_test: false,
    });
    await mountTimeline(waiting, clicked, timeline([]));
    expect("[data-event=open]").toHaveCount(0);
    await advanceTime(10000);
    await animationFrame();
    expect("[data-name=Welcome] > article [data-event=open]").toHaveCount(1);
    expect("[data-name=Thanks] > article .o_marketing_timeline_state").toHaveText("Processed");
    await advanceTime(30000);
    await animationFrame();
    expect("[data-name=Thanks]").toHaveCount(1);
    expect.verifySteps([]);
});
