import { describe, expect, test } from "@odoo/hoot";
import { markup } from "@odoo/owl";
import { advanceTime, animationFrame, Deferred, press, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import {
    contains,
    defineModels,
    fields,
    mockService,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
    serverState,
} from "@web/../tests/web_test_helpers";
import { browser } from "@web/core/browser/browser";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";

import { MailPreview } from "@marketing_automation/mail_preview/mail_preview";
import { arrangeWorkflow, formatShare, listDays, sumPeriods } from "@marketing_automation/workflow/workflow_layout";

const CARD = {
    parent_id: false,
    type: "email",
    type_label: "Email",
    icon: "fa-envelope-o",
    chip: "At once",
    tone: "neutral",
    sentence: "As soon as a record enters the campaign: send the email “Welcome”.",
    expiry: false,
    activity_domain: "[]",
    domain: "[('name', '!=', False)]",
    processed: 0,
    rejected: 0,
    scheduled: 0,
    errors: 0,
    error_reasons: [],
    metrics: [],
    series: { processed: { "2026-06-02": 3 }, rejected: {} },
    group: "message",
    way: "begin",
    ways: [],
    start_errors: [],
    left_out: [],
    waiting: "",
};
const WAYS = [
    { key: "activity", trigger: "activity", branch: null, label: "Sent", tone: "neutral", values: {} },
    { key: "mail_not_open", trigger: "mail_not_open", branch: null, label: "Not opened", tone: "negative", values: {} },
];
const FORK = ["yes", "no"].map((branch) => ({
    ...{ key: `cond_${branch}`, trigger: `cond_${branch}`, branch, tone: "branch", values: {} },
    label: { yes: "Yes", no: "No" }[branch],
}));
const TYPES = [
    ["email", "Email", "Write to each of them", "message", "Messages"],
    ["condition", "Condition", "Go one way or the other", "logic", "Logic"],
    ["action", "Server Action", "", "record", "Record"],
].map(([type, label, hint, group, group_label]) => ({ type, label, hint, group, group_label, icon: "fa-bolt" }));
const DATA = {
    state: "draft",
    can_write: true,
    model_name: "res.partner",
    participants: { total: 0, running: 0, completed: 0 },
    next_due: false,
    removed_count: 0,
    first_day: "2026-06-01",
    last_day: "2026-06-03",
    errors: [],
    cards: [],
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
    campaign_id = fields.Many2one({ relation: "marketing.campaign" });
    parent_id = fields.Many2one({ relation: "marketing.activity" });
    activity_type = fields.Char();
    trigger_type = fields.Char();

    _views = {
        form: `<form><field name="name"/><field name="campaign_id"/><field name="parent_id"/>
            <field name="activity_type"/><field name="trigger_type"/></form>`,
    };
}

defineMailModels();
defineModels([MarketingCampaign, MarketingActivity]);

const typeOf = (type) => `.o_marketing_palette_type[data-type=${type}]`;
const cardOf = (name) => `.o_marketing_activity_card[data-name="${name}"]`;

async function mountWorkflow(data, resId = 1) {
    MarketingCampaign._records[0].workflow_cards = { ...DATA, ...data };
    onRpc("marketing.campaign", "get_campaign_templates", () => [
        { key: "welcome", name: "Welcome Flow", summary: "Greets", icon: "fa-hand-peace-o" },
    ]);
    onRpc("marketing.activity", "get_palette", () => TYPES);
    await mountView({
        type: "form",
        resModel: "marketing.campaign",
        resId,
        arch: `<form><field name="name"/><field name="workflow_cards" widget="marketing_workflow"/></form>`,
    });
}

describe("layout", () => {
    const tree = (...links) => links.map(([id, parent_id = false]) => ({ id, parent_id }));

    test("branches stand side by side where there is room", () => {
        const root = arrangeWorkflow(tree([1], [2, 1], [3, 1]), 1000);
        expect(root.mode).toBe("row");
        expect(root.children[0].mode).toBe("row");
        expect(root.children[0].children.map((child) => child.card.id)).toEqual([2, 3]);
    });

    test("branches that go deep get the room that they need", () => {
        const deep = tree([1], [2, 1], [3, 1], [4, 2], [5, 2], [6, 4], [7, 4], [8, 6], [9, 6], [10, 8], [11, 8]);
        expect(arrangeWorkflow(deep, 900).children[0].mode).toBe("row");
        expect(arrangeWorkflow(deep, 640).children[0].mode).toBe("stack");
    });

    test("branches stand below each other on a phone", () => {
        const root = arrangeWorkflow(tree([1], [2, 1], [3, 1]), 360);
        expect(root.children[0].mode).toBe("stack");
    });

    test("wide branches are stacked, each in a column of its own", () => {
        // two branches of three: no room for six, room for two columns
        const links = tree([1], [2, 1], [3, 1], [4, 2], [5, 2], [6, 2], [7, 3], [8, 3], [9, 3]);
        const [first] = arrangeWorkflow(links, 700).children;
        expect(first.mode).toBe("row");
        expect(first.children.map((child) => child.mode)).toEqual(["stack", "stack"]);
        expect(first.children.map((child) => child.width)).toEqual([350, 350]);
    });

    test("in a stack all branches stand below each other", () => {
        const links = tree([1], [2, 1], [3, 1], [4, 1], [5, 1], [6, 1], [7, 2], [8, 2], [9, 7]);
        const [first] = arrangeWorkflow(links, 1200).children;
        expect(first.mode).toBe("stack");
        expect(first.children[0].mode).toBe("stack");
        expect(first.children[0].children[0].mode).toBe("row"); // a single one goes on straight below
    });

    test("what follows a removed activity is not lost", () => {
        const root = arrangeWorkflow(tree([2, 1]), 1000);
        expect(root.children.map((child) => child.card.id)).toEqual([2]);
    });

    test("days are all there", () => {
        expect(listDays("2026-02-27", "2026-03-01")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
    });

    test("shares of what was sent", () => {
        expect(formatShare(0, 0)).toBe("–");
        expect(formatShare(0, 10)).toBe("0%");
        expect(formatShare(9, 1000)).toBe("0.9%");
        expect(formatShare(46, 100)).toBe("46%");
    });

    test("shares are written as the user's language writes them", () => {
        const blank = "[\u00a0\u202f]"; // one at which no line ends
        for (const [language, few, many] of [
            ["fr_FR", `0,9${blank}%`, `46${blank}%`],
            ["de_DE", `0,9${blank}%`, `46${blank}%`],
            ["nl_NL", "0,9%", "46%"],
        ]) {
            serverState.lang = language;
            expect(formatShare(9, 1000)).toMatch(new RegExp(`^${few}$`));
            expect(formatShare(46, 100)).toMatch(new RegExp(`^${many}$`));
        }
    });
});

describe("cards", () => {
    test("an empty workflow says how to begin", async () => {
        await mountWorkflow({});
        expect(".o_marketing_workflow_empty").toHaveText(/A workflow begins with an email or an action/);
        expect(".o_marketing_activity_card").toHaveCount(0);
    });

    test("a card tells what the activity does, until it has numbers", async () => {
        await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome" }] });
        expect(".o_marketing_activity_sentence").toHaveText(CARD.sentence);
        expect(".o_marketing_workflow_chip").toHaveText("At once");
        expect("canvas").toHaveCount(0);
    });

    test("the picture of an email shows all of its width", () => {
        // not mounted: its frame has an origin of its own, at which the test runner must not look
        const { get: getStyle } = Object.getOwnPropertyDescriptor(MailPreview.prototype, "frameStyle");
        const props = { width: 240, height: 150 };
        expect(getStyle.call({ props: { ...props, mail: { width: 720 } } })).toBe(
            `width: 720px; height: 450px; transform: scale(${240 / 720});`
        );
        expect(getStyle.call({ props: { ...props, mail: { width: 600 } } })).toBe(
            "width: 600px; height: 375px; transform: scale(0.4);"
        );
    });

    test("numbers, their graph, and the records behind them", async () => {
        onRpc("marketing.activity", "action_view_records", ({ args }) => {
            expect.step(args[1]);
            return { type: "ir.actions.act_window_close" };
        });
        const metrics = [
            { name: "sent", label: "Sent", count: 200 },
            { name: "open", label: "Opened", count: 92 },
            { name: "bounce", label: "Bounced", count: 1 },
        ];
        const numbers = { processed: 203, rejected: 7, metrics };
        await mountWorkflow({ state: "stopped", cards: [{ ...CARD, ...numbers, id: 1, name: "Welcome" }] });
        expect("canvas").toHaveCount(1);
        expect(queryAllTexts(".o_marketing_activity_numbers b")).toEqual(["203", "7"]);
        expect(queryAllTexts(".o_marketing_activity_details b")).toEqual(["200", "46%", "0.5%"]);
        for (const metric of ["processed", "rejected", "sent", "open", "bounce"]) {
            await contains(`[data-metric=${metric}]`).click();
        }
        expect.verifySteps(["processed", "rejected", "sent", "open", "bounce"]);
    });

    test("what an empty list says is shown as HTML", async () => {
        onRpc("marketing.activity", "action_view_errors", () => ({ help: "<p>No errors</p>" }));
        mockService("action", {
            doAction({ help }) {
                expect.step(help instanceof markup("").constructor ? `HTML: ${help}` : `text: ${help}`);
            },
        });
        await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome", errors: 1, error_reasons: [["Ink", 1]] }] });
        await contains(".o_marketing_activity_problem button").click();
        expect.verifySteps(["HTML: <p>No errors</p>"]);
    });

    test("the filters and the number of records, once they are asked for", async () => {
        onRpc("res.partner", "search_count", () => {
            expect.step("count");
            return 42;
        });
        await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome" }] });
        expect.verifySteps([]);
        await contains(".o_marketing_activity_tabs [role=tab]:eq(1)").click();
        expect(".o_marketing_activity_filter").toHaveText(/Activity filter: none/);
        expect(".o_marketing_activity_filter button").toHaveText("42 record(s)");
        await contains(".o_marketing_activity_tabs [role=tab]:eq(0)").click();
        await contains(".o_marketing_activity_tabs [role=tab]:eq(1)").click();
        expect.verifySteps(["count"]);
    });

    test("a graph that came into sight while it was made is drawn", async () => {
        class Observer {
            constructor(callback) {
                this.callback = callback;
            }
            observe() {
                this.callback([{ isIntersecting: false }, { isIntersecting: true }]);
            }
            disconnect() {}
        }
        patchWithCleanup(window, { IntersectionObserver: Observer });
        await mountWorkflow({ state: "running", cards: [{ ...CARD, id: 1, name: "Welcome", processed: 3 }] });
        expect(Boolean(window.Chart.getChart(queryOne("canvas")))).toBe(true);
    });

    test("counts are bars, not curves, and a table of the same; a quiet month says so", async () => {
        patchWithCleanup(window, {
            IntersectionObserver: class {
                constructor(callback) {
                    this.callback = callback;
                }
                observe() {
                    this.callback([{ isIntersecting: true }]);
                }
                disconnect() {}
            },
        });
        const series = { processed: { "2026-11-02": 3 }, rejected: { "2026-11-04": 1 } };
        await mountWorkflow({
            state: "running",
            first_day: "2026-11-01",
            last_day: "2026-11-05",
            cards: [
                { ...CARD, id: 1, name: "Welcome", processed: 3, series },
                { ...CARD, id: 2, name: "Later", processed: 3, series: { processed: {}, rejected: {} } },
            ],
        });
        const { type, data } = window.Chart.getChart(queryOne(`${cardOf("Welcome")} canvas`)).config;
        expect(type).toBe("bar");
        expect(data.datasets.map((dataset) => dataset.data)).toEqual([
            [0, 3, 0, 0, 0],
            [0, 0, 0, 1, 0],
        ]);
        expect(`${cardOf("Welcome")} tbody tr`).toHaveCount(2);
        expect(`${cardOf("Later")} canvas`).toHaveCount(0);
        expect(`${cardOf("Later")} .o_marketing_activity_quiet`).toHaveCount(1);
    });

    test("what is too much for days is summed by week, then by month", () => {
        const numbers = { "2026-01-01": 2, "2026-01-02": 3, "2026-03-31": 1 };
        const weeks = sumPeriods([numbers], listDays("2026-01-01", "2026-03-31"));
        expect([weeks.unit, weeks.sums[0][0], weeks.sums[0].at(-1)]).toEqual(["week", 5, 1]);
        const months = sumPeriods([numbers], listDays("2025-01-01", "2026-12-31"));
        expect([months.unit, months.starts.length, months.sums[0][12]]).toEqual(["month", 24, 5]);
    });

    test("errors with their reasons, to be tried again", async () => {
        onRpc("action_retry_errors", ({ model, args }) => {
            expect.step(`${model} ${args[0]}`);
            return { type: "ir.actions.client", tag: "display_notification", params: { message: "Tried again" } };
        });
        const failed = { ...CARD, id: 7, name: "Welcome", errors: 6, error_reasons: [["Refused", 6]] };
        await mountWorkflow({ state: "running", cards: [failed], errors: [["Refused", 6]] });
        expect(".o_marketing_workflow_errors").toHaveText(/6 × Refused/);
        expect(`${cardOf("Welcome")} .o_marketing_activity_problem`).toHaveText(/6 × Refused/);
        expect("button:contains('Retry')").toHaveCount(1); // one place for it
        await contains("button:contains('Retry')").click();
        expect(".modal-body").toHaveText(/at once: 6/);
        expect.verifySteps([]);
        await contains(".modal button:contains('Retry')").click();
        expect.verifySteps(["marketing.campaign 1"]);
    });

    test("who may not write the campaign is offered no change", async () => {
        await mountWorkflow({
            can_write: false,
            cards: [{ ...CARD, id: 1, name: "Welcome", ways: WAYS }],
        });
        expect(".o_marketing_workflow_add").toHaveCount(0);
        expect(".o_marketing_activity_remove").toHaveCount(0);
        expect(".o_marketing_activity_add_child").toHaveCount(0);
    });

    test("sixty cards", async () => {
        const cards = Array.from({ length: 60 }, (_, index) => ({
            ...CARD,
            id: index + 1,
            parent_id: index ? Math.floor((index + 2) / 3) : false,
            name: `Step ${index + 1}`,
            processed: 10,
        }));
        await mountWorkflow({ state: "stopped", cards });
        expect(".o_marketing_activity_card").toHaveCount(60);
        expect("canvas").toHaveCount(60);
    });
});

describe("editing", () => {
    test("adding to an unsaved campaign saves what was typed", async () => {
        onRpc("web_save", ({ model, args }) => {
            if (model === "marketing.campaign") {
                expect.step(args[1].name);
            }
        });
        await mountWorkflow({}, false);
        await contains("[name=name] input").edit("Summer", { confirm: "tab" });
        await contains(".o_marketing_workflow_empty button").click();
        await contains(typeOf("email")).click();
        expect.verifySteps(["Summer"]);
        expect(".modal .modal-title").toHaveText("Add New Activity");
        expect(".modal [name=trigger_type] input").toHaveValue("begin");
    });

    test("the first activity needs no name of the campaign; an unsaved one offers the templates", async () => {
        onRpc("web_save", ({ model, args }) => {
            if (model === "marketing.campaign") {
                expect.step(args[1].name);
            }
        });
        await mountWorkflow({}, false);
        expect(".o_marketing_campaign_template[data-key=welcome]").toHaveCount(1);
        await contains(".o_marketing_workflow_empty button").click();
        await contains(typeOf("email")).click();
        expect.verifySteps(["Untitled campaign"]);
        expect(".modal .modal-title").toHaveText("Add New Activity");
        expect(".o_marketing_workflow_templates").toHaveCount(0);
    });

    test("a child begins with the trigger that was chosen", async () => {
        await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome", ways: WAYS }] });
        await contains(".o_marketing_activity_add_child").click();
        expect(queryAllTexts(".o_marketing_palette_ways label")).toEqual(["Sent", "Not opened"]);
        await contains(".o_marketing_palette_ways label:contains('Not opened')").click();
        await contains(typeOf("action")).click();
        expect(".modal .modal-title").toHaveText("Add Child Activity to “Welcome”");
        expect(".modal [name=trigger_type] input").toHaveValue("mail_not_open");
        expect(".modal [name=activity_type] input").toHaveValue("action");
    });

    test("a type is found by typing, and chosen by Enter", async () => {
        await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome" }] });
        await contains(".o_marketing_workflow_add").click();
        expect(queryAllTexts(".o_marketing_palette_group")).toEqual(["MESSAGES", "LOGIC", "RECORD"]);
        expect(".o_marketing_palette_ways").toHaveCount(0);
        await contains(".o_marketing_palette input[type=text]").edit("serv", { confirm: false });
        expect(queryAllTexts(".o_marketing_palette_type b")).toEqual(["Server Action"]);
        await contains(".o_marketing_palette input[type=text]").edit("nothing of that kind", { confirm: false });
        expect(".o_marketing_palette_none").toHaveCount(1);
        await contains(".o_marketing_palette input[type=text]").edit("one way", { confirm: false });
        await press("Enter");
        await animationFrame();
        expect(".modal [name=activity_type] input").toHaveValue("condition");
    });

    test("a branch after which nothing follows ends, and takes what is added there", async () => {
        await mountWorkflow({
            cards: [
                { ...CARD, id: 1, name: "In Belgium", ways: FORK },
                { ...CARD, id: 2, name: "Elsewhere", parent_id: 1, way: "cond_no", chip: "No · at once" },
            ],
        });
        expect(queryAllTexts(".o_marketing_workflow_chip.o_tone_branch")).toEqual(["Yes", "No · at once"]);
        expect(".o_marketing_workflow_end").toHaveText(/Nothing follows/);
        await contains(".o_marketing_workflow_end button").click();
        expect(".o_marketing_palette_ways").toHaveCount(0);
        await contains(typeOf("email")).click();
        expect(".modal [name=trigger_type] input").toHaveValue("cond_yes");
        await contains(".modal .o_form_button_cancel").click();
        await contains(`${cardOf("In Belgium")} + .o_marketing_activity_add_child`).click();
        expect(".btn-check:checked").toHaveAttribute("data-way", "cond_yes");
    });

    test("what is added before an activity takes its place, and is followed by it", async () => {
        onRpc("marketing.activity", "write", ({ args }) => {
            expect.step(args);
            return true;
        });
        const first = { ...CARD, id: 7, name: "Welcome", ways: WAYS };
        const second = { ...CARD, id: 8, name: "Reminder", parent_id: 7, way: "mail_not_open" };
        await mountWorkflow({ cards: [first, second] });
        onRpc("marketing.activity", "read", () => [{ id: 8, parent_id: 7, trigger_type: "mail_not_open" }]);
        await contains(".o_marketing_workflow_insert:eq(1)").click();
        expect(".o_marketing_palette_ways").toHaveCount(0);
        await contains(typeOf("condition")).click();
        expect(".modal .modal-title").toHaveText("Add Activity before “Reminder”");
        expect(".modal [name=trigger_type] input").toHaveValue("mail_not_open");
        const added = { ...CARD, id: 1, name: "In Belgium", parent_id: 7, way: "mail_not_open", ways: FORK };
        onRpc("marketing.campaign", "web_read", ({ parent }) => {
            const [campaign] = parent();
            return [{ ...campaign, workflow_cards: { ...DATA, cards: [first, second, added] } }];
        });
        await contains(".modal [name=name] input").edit("In Belgium", { confirm: false });
        await contains(".modal .o_form_button_save").click();
        expect.verifySteps([[[8], { parent_id: 1, trigger_type: "cond_yes" }]]);
        onRpc("marketing.activity", "action_remove", ({ args }) => {
            expect.step(args);
            return args[0];
        });
        await contains(".o_marketing_workflow_undo").click();
        expect.verifySteps([
            [[8], { parent_id: 7, trigger_type: "mail_not_open" }],
            [[1], true],
        ]);
        await contains(".o_marketing_workflow_redo").click();
        expect.verifySteps([
            [[1], { active: true }],
            [[8], { parent_id: 1, trigger_type: "cond_yes" }],
        ]);
    });

    test("what was removed comes back, by a button and by keys", async () => {
        onRpc("marketing.activity", "action_remove", () => {
            expect.step("remove");
            return [1, 2];
        });
        onRpc("marketing.activity", "write", ({ args }) => {
            expect.step(args);
            return true;
        });
        await mountWorkflow({ cards: [{ ...CARD, id: 1, name: "Welcome" }] });
        expect(".o_marketing_workflow_undo").not.toBeEnabled();
        await contains(`${cardOf("Welcome")} .o_marketing_activity_remove`).click();
        await contains(".modal .btn-danger").click();
        expect.verifySteps(["remove"]);
        expect(".o_marketing_workflow_undo").toHaveAttribute("aria-label", "Undo: Remove “Welcome”");
        await press(["ctrl", "z"]);
        await animationFrame();
        expect.verifySteps([[[1, 2], { active: true }]]);
        expect(".o_marketing_workflow_undo").not.toBeEnabled();
        await press(["ctrl", "y"]);
        await animationFrame();
        expect.verifySteps(["remove"]);
    });

    test("a step moves to where it may follow, with the way that fits", async () => {
        onRpc("marketing.activity", "read", ({ args }) => [
            { id: args[0][0], parent_id: 1, trigger_type: "mail_not_open" },
        ]);
        onRpc("marketing.activity", "write", ({ args }) => {
            expect.step(args);
            return true;
        });
        await mountWorkflow({
            cards: [
                { ...CARD, id: 1, name: "Welcome", ways: WAYS },
                { ...CARD, id: 2, name: "Reminder", parent_id: 1, way: "mail_not_open", ways: WAYS },
                { ...CARD, id: 3, name: "Last call", parent_id: 2, way: "activity", ways: WAYS },
                { ...CARD, id: 4, name: "In Belgium", parent_id: 1, way: "activity", ways: FORK },
                { ...CARD, id: 5, name: "The end", parent_id: 1, way: "activity" },
            ],
        });
        await contains(`${cardOf("Reminder")} .o_marketing_activity_menu`).click();
        await contains("[data-action=move]").click();
        const places = queryAllTexts("#o_marketing_move_parent option").map((text) => text.trim());
        expect(places).toEqual(["The beginning of the workflow", "Welcome", "In Belgium"]);
        expect("#o_marketing_move_way").toHaveValue("mail_not_open");
        await contains("#o_marketing_move_parent").select("4");
        expect("#o_marketing_move_way").toHaveValue("cond_yes");
        await contains("#o_marketing_move_way").select("cond_no");
        await contains(".o_marketing_move_confirm").click();
        expect.verifySteps([[[2], { parent_id: 4, trigger_type: "cond_no" }]]);
        await contains(".o_notification button:contains(Undo)").click();
        expect.verifySteps([[[2], { parent_id: 1, trigger_type: "mail_not_open" }]]);
    });

    test("copied here, pasted below another one; ids alone are kept", async () => {
        onRpc("marketing.activity", "action_paste", ({ args }) => {
            expect.step(args);
            return 2;
        });
        await mountWorkflow({
            cards: [
                { ...CARD, id: 1, name: "Welcome", ways: WAYS },
                { ...CARD, id: 2, name: "Reminder", parent_id: 1, way: "mail_not_open", ways: WAYS },
            ],
        });
        const menu = async (name, action) => {
            await contains(`${cardOf(name)} .o_marketing_activity_menu`).click();
            await contains(`[data-action=${action}]`).click();
        };
        await menu("Reminder", "copy");
        expect(JSON.parse(browser.localStorage.getItem("marketing_automation.activity"))).toEqual({
            id: 2,
            campaign: 1,
            isCut: false,
        });
        await menu("Welcome", "paste");
        await menu("Reminder", "duplicate");
        await contains(".o_marketing_workflow_paste").click();
        expect.verifySteps([
            [[2], 1, 1, "activity"],
            [[2], 1, 1, "mail_not_open"],
            [[2], 1, false, false],
        ]);
    });

    test("what was cut goes where it is pasted, never below itself", async () => {
        onRpc("marketing.activity", "read", () => [{ id: 2, parent_id: 1, trigger_type: "activity" }]);
        onRpc("marketing.activity", "write", ({ args }) => {
            expect.step(args);
            return true;
        });
        await mountWorkflow({
            cards: [
                { ...CARD, id: 1, name: "In Belgium", ways: FORK },
                { ...CARD, id: 2, name: "Reminder", parent_id: 1, way: "cond_no", ways: WAYS },
                { ...CARD, id: 3, name: "Last call", parent_id: 2, way: "activity", ways: WAYS },
            ],
        });
        await contains(`${cardOf("Last call")} .o_marketing_activity_edit`).focus();
        const keys = async (name, ...pressed) => {
            queryOne(`${cardOf(name)} .o_marketing_activity_menu`).focus();
            await press(pressed);
            await animationFrame();
        };
        await keys("Reminder", "ctrl", "x");
        await keys("Last call", "ctrl", "v");
        expect(".o_notification:contains(cannot follow itself)").toHaveCount(1);
        await keys("In Belgium", "ctrl", "v");
        expect.verifySteps([]);
        await keys("Last call", "ctrl", "x");
        await keys("In Belgium", "ctrl", "v");
        expect.verifySteps([[[3], { parent_id: 1, trigger_type: "cond_yes" }]]);
        expect(browser.localStorage.getItem("marketing_automation.activity")).toBe(null);
    });

    test("removing asks first, and tells what goes with it", async () => {
        onRpc("marketing.activity", "action_remove", ({ args }) => {
            expect.step(args[0]);
            return true;
        });
        const cards = [
            { ...CARD, id: 1, name: "Welcome", processed: 3 },
            { ...CARD, id: 2, name: "Reminder", parent_id: 1 },
        ];
        await mountWorkflow({ state: "running", cards });
        await contains(`${cardOf("Welcome")} .o_marketing_activity_remove`).click();
        expect(".modal-body").toHaveText(/“Welcome” and the activity below it leave the workflow./);
        expect(".modal-body").toHaveText(/What it did stays as history/);
        await contains(".modal .btn:contains('Cancel')").click();
        expect.verifySteps([]);
        await contains(`${cardOf("Reminder")} .o_marketing_activity_remove`).click();
        await contains(".modal .btn-danger").click();
        expect.verifySteps([[2]]);
    });
});

describe("live", () => {
    test("numbers refresh while the campaign runs, by one call", async () => {
        const cards = [{ ...CARD, id: 1, name: "Welcome", processed: 3 }];
        onRpc("marketing.campaign", "get_workflow_cards", ({ args }) => {
            expect.step(args);
            return { ...DATA, state: "running", cards: [{ ...cards[0], processed: 4 }] };
        });
        await mountWorkflow({ state: "running", cards });
        expect(queryOne("[data-metric=processed] b")).toHaveText("3");
        await advanceTime(10000);
        await animationFrame();
        expect.verifySteps([[[1], "month"]]);
        expect(queryOne("[data-metric=processed] b")).toHaveText("4");
    });

    test("a slow server gets time for other things", async () => {
        const answer = new Deferred();
        onRpc("marketing.campaign", "get_workflow_cards", async () => {
            expect.step("refresh");
            await answer;
            return { ...DATA, state: "running" };
        });
        await mountWorkflow({ state: "running", cards: [{ ...CARD, id: 1, name: "Welcome" }] });
        await advanceTime(60000);
        expect.verifySteps(["refresh"], { message: "one look at a time" });
        answer.resolve();
        await animationFrame();
        await advanceTime(100000);
        expect.verifySteps([], { message: "it took 50 seconds" });
        await advanceTime(400000);
        expect.verifySteps(["refresh"]);
    });

    test("the form's own numbers follow, once nothing is being typed", async () => {
        const cards = [{ ...CARD, id: 1, name: "Welcome" }];
        const data = { ...DATA, state: "running", cards, participants: { total: 5, running: 5, completed: 0 } };
        onRpc("marketing.campaign", "get_workflow_cards", () => data);
        onRpc("marketing.campaign", "web_read", () => expect.step("read"));
        await mountWorkflow({ state: "running", cards });
        expect.verifySteps(["read"]);
        await contains("[name=name] input").edit("Summer", { confirm: "tab" });
        await advanceTime(10000);
        await animationFrame();
        expect(".o_marketing_workflow_audience b").toHaveText("5 participants");
        expect("[name=name] input").toHaveValue("Summer");
        expect.verifySteps([]);
        await contains(".o_form_button_cancel").click();
        await advanceTime(10000);
        expect.verifySteps(["read"]);
    });

    test("a campaign that does not run is left in peace", async () => {
        onRpc("marketing.campaign", "get_workflow_cards", () => expect.step("refresh"));
        await mountWorkflow({ state: "stopped", cards: [{ ...CARD, id: 1, name: "Welcome" }] });
        await advanceTime(30000);
        expect.verifySteps([]);
    });

    test("the whole life instead of the last month", async () => {
        onRpc("marketing.campaign", "get_workflow_cards", ({ args }) => {
            expect.step(args[1]);
            return { ...DATA, state: "stopped", first_day: "2026-01-01", cards: [{ ...CARD, id: 1, name: "Welcome" }] };
        });
        await mountWorkflow({ state: "stopped", cards: [{ ...CARD, id: 1, name: "Welcome" }] });
        await contains("button:contains('Whole life')").click();
        expect.verifySteps(["life"]);
        expect("button[aria-pressed=true]").toHaveText("Whole life");
    });
});
