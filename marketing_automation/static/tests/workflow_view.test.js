import { expect, test } from "@odoo/hoot";
import { xml } from "@odoo/owl";
import { advanceTime, animationFrame, hover, leave, press, queryAll, queryOne } from "@odoo/hoot-dom";
import {
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { browser } from "@web/core/browser/browser";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";

import { MailPreview } from "@marketing_automation/mail_preview/mail_preview";
import { WorkflowHistory } from "@marketing_automation/workflow/workflow_history";

const CARD = {
    ...{
        parent_id: false,
        type: "email",
        type_label: "Email",
        icon: "fa-envelope-o",
        chip: "At once",
        tone: "neutral",
    },
    ...{ sentence: "", expiry: false, activity_domain: "[]", domain: "[]", processed: 0, rejected: 0, scheduled: 0 },
    ...{ errors: 0, error_reasons: [], metrics: [], series: { processed: {}, rejected: {} }, group: "message" },
    ...{ way: "begin", ways: [], start_errors: [], left_out: [], waiting: "" },
};
const WAYS = [{ key: "activity", trigger: "activity", branch: null, label: "Sent", tone: "neutral", values: {} }];
const MAIL = { id: 5, subject: "Hello", preview: "", email_from: "", url: "/web/health", checks: [] };
const DATA = {
    ...{ state: "draft", can_write: true, model_name: "res.partner", next_due: false, removed_count: 0 },
    ...{ participants: { total: 0, running: 0, completed: 0 }, first_day: "2026-06-01", last_day: "2026-06-03" },
    ...{ errors: [], health: {}, cards: [] },
};

class MarketingCampaign extends models.Model {
    _name = "marketing.campaign";

    name = fields.Char({ required: true });
    workflow_cards = fields.Json();

    _records = [{ id: 1, name: "Spring", workflow_cards: DATA }];
}

class MarketingActivity extends models.Model {
    _name = "marketing.activity";

    name = fields.Char();
}

defineMailModels();
defineModels([MarketingCampaign, MarketingActivity]);

const cardOf = (name) => `.o_marketing_activity_card[data-name="${name}"]`;

async function mountWorkflow(data) {
    MarketingCampaign._records[0].workflow_cards = { ...DATA, ...data };
    await mountView({
        type: "form",
        resModel: "marketing.campaign",
        resId: 1,
        arch: `<form><field name="name"/><field name="workflow_cards" widget="marketing_workflow"/></form>`,
    });
}

test("an email is shown big where the mouse or the keyboard rests on it", async () => {
    patchWithCleanup(MailPreview, { template: xml`<div t-out="props.mail.subject"/>` }); // without its frame
    await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome", mail: MAIL }] });
    const picture = `${cardOf("Welcome")} .o_marketing_activity_mail`;
    const popover = ".o_marketing_mail_popover";
    await hover(picture);
    await advanceTime(100);
    expect(popover).toHaveCount(0, { message: "who passes by is not bothered" });
    await advanceTime(300);
    await animationFrame();
    expect(popover).toHaveCount(1);
    await leave(picture);
    await animationFrame();
    expect(popover).toHaveCount(0);
    queryOne(picture).focus();
    await advanceTime(400);
    await animationFrame();
    expect(popover).toHaveCount(1);
    queryOne(picture).blur();
    await animationFrame();
    expect(popover).toHaveCount(0);
});

test("people are told on the lines of what runs", async () => {
    const cards = [
        { ...CARD, id: 1, name: "Welcome", scheduled: 3, processed: 1200, rejected: 4 },
        { ...CARD, id: 2, name: "Reminder" },
    ];
    await mountWorkflow({ state: "running", cards });
    expect('[data-people="Welcome"]').toHaveText("3 wait · 1,204 passed");
    expect('[data-people="Reminder"]').toHaveCount(0);
});

test("the numbers of a message cover each other neither in one line nor in two", async () => {
    const names = ["Sent", "Opened", "Clicked", "Replied", "Bounced", "Complaints", "Unsubscribed", "Goal"];
    const metrics = names.map((label) => ({ name: label.toLowerCase(), label, count: 100, machines: 0 }));
    await mountWorkflow({
        cards: [
            { ...CARD, id: 1, name: "Usual", processed: 100, metrics: metrics.slice(0, 5).concat(metrics[7]) },
            { ...CARD, id: 2, name: "All", processed: 100, metrics },
        ],
        state: "running",
    });
    const buttonsOf = (name) => [...queryAll(`${cardOf(name)} .o_marketing_activity_details button`)];
    const linesOf = (name) => new Set(buttonsOf(name).map((button) => button.getBoundingClientRect().top)).size;
    expect(buttonsOf("All").length).toBe(8);
    for (const button of [...buttonsOf("Usual"), ...buttonsOf("All")]) {
        expect(button.scrollWidth <= button.clientWidth).toBe(true, { message: button.innerText });
    }
    expect(linesOf("Usual")).toBe(1);
    expect(linesOf("All")).toBe(2);
});

test("bigger, smaller, as usual", async () => {
    await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome" }] });
    const zoom = () => Number(queryOne(".o_marketing_workflow_tree").style.zoom);
    await contains(".o_marketing_zoom_in").click();
    expect(zoom()).toBe(1.1);
    for (let times = 0; times < 12; times++) {
        await contains(".o_marketing_zoom_out").click();
    }
    expect(zoom()).toBe(0.2);
    expect(".o_marketing_workflow_tree").toHaveClass("o_marketing_workflow_far");
    expect(cardOf("Welcome")).toHaveCount(1);
    await contains(".o_marketing_zoom_reset").click();
    expect(zoom()).toBe(1);
});

test("by keys: copied, pasted below, duplicated, removed", async () => {
    onRpc("marketing.activity", "action_paste", ({ args }) => {
        expect.step(args);
        return 2;
    });
    const cards = [
        { ...CARD, id: 1, name: "Welcome", ways: WAYS },
        { ...CARD, id: 2, name: "Reminder", parent_id: 1, way: "activity", ways: WAYS },
    ];
    await mountWorkflow({ cards });
    const at = (name) => queryOne(`${cardOf(name)} .o_marketing_activity_edit`).focus();
    at("Reminder");
    await press(["ctrl", "c"]);
    expect(JSON.parse(browser.localStorage.getItem("marketing_automation.activity")).id).toBe(2);
    at("Welcome");
    await press(["ctrl", "v"]);
    await animationFrame();
    expect.verifySteps([[[2], 1, 1, "activity"]]);
    at("Reminder");
    await press(["ctrl", "d"]);
    await animationFrame();
    expect.verifySteps([[[2], 1, 1, "activity"]]);
    at("Reminder");
    await press("Delete");
    await animationFrame();
    expect(".modal-body").toHaveText(/“Reminder” leaves the workflow/);
});

/** A server with one split, whose branches are made, changed and removed as Odoo does it. */
class Server {
    constructor() {
        this.branches = new Map([
            [1, { name: "A", weight: 50 }],
            [2, { name: "B", weight: 50 }],
        ]);
        this.next = 3;
        this.step = { id: 9, name: "Call", branch_id: 2 };
    }

    call(model, method, [ids]) {
        const isBranch = model.endsWith("branch");
        if (method === "fields_get") {
            const kept = (type, more) => ({ type, store: true, readonly: false, ...more });
            return isBranch
                ? {
                      name: kept("char"),
                      weight: kept("integer"),
                      activity_id: kept("many2one", { relation: "marketing.activity" }),
                  }
                : {
                      name: kept("char"),
                      branch_ids: kept("one2many", { relation: "marketing.activity.branch" }),
                      branch_id: kept("many2one", { relation: "marketing.activity.branch" }),
                  };
        }
        return isBranch
            ? ids.map((id) => ({ id, ...this.branches.get(id) }))
            : [
                  {
                      id: ids[0],
                      name: "Split",
                      branch_id: ids[0] === 9 && this.step.branch_id,
                      branch_ids: [...this.branches.keys()],
                  },
              ];
    }

    write(_model, [id], { branch_ids: commands = [], ...values }) {
        if (id === 9) {
            Object.assign(this.step, values);
        }
        for (const [command, line, changes] of commands) {
            if (command === 0) {
                this.branches.set(this.next++, changes);
            } else if (command === 1) {
                this.branches.set(line, { ...this.branches.get(line), ...changes });
            } else {
                this.branches.delete(line);
            }
        }
    }

    get shares() {
        return [...this.branches.values()].map(({ name, weight }) => `${name} ${weight}`);
    }
}

test("the branches of a split are undone and done again", async () => {
    const server = new Server();
    const history = new WorkflowHistory(server);
    const edit = async (change) => {
        const before = await history.read(8);
        change();
        await history.pushEdit(8, "Split", before);
    };
    await history.read(9);
    server.step.branch_id = 1;
    history.push({ label: "Move", write: { id: 9, before: { branch_id: 2 }, after: { branch_id: 1 } } });
    await edit(() => server.branches.set(1, { name: "A", weight: 70 }));
    await edit(() => server.branches.set(server.next++, { name: "C", weight: 10 }));
    await edit(() => server.branches.delete(2));
    expect(server.shares).toEqual(["A 70", "C 10"]);
    await history.undo();
    expect(server.shares.toSorted()).toEqual(["A 70", "B 50", "C 10"]);
    await history.undo();
    expect(server.shares).toEqual(["A 70", "B 50"]);
    await history.undo();
    expect(server.shares).toEqual(["A 50", "B 50"]);
    await history.undo();
    expect(server.branches.get(server.step.branch_id).name).toBe("B", { message: "as it was made anew" });
    for (let times = 0; times < 4; times++) {
        await history.redo();
    }
    expect(server.shares).toEqual(["A 70", "C 10"]);
});
