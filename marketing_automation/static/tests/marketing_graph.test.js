import { expect, test } from "@odoo/hoot";
import { defineModels, fields, models, mountView } from "@web/../tests/web_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { registry } from "@web/core/registry";
import { queryAllTexts } from "@odoo/hoot-dom";

class MarketingTrace extends models.Model {
    _name = "marketing.trace";

    activity = fields.Char();
    state = fields.Selection({
        selection: [
            ["scheduled", "Scheduled"],
            ["processed", "Processed"],
            ["rejected", "Rejected"],
            ["canceled", "Cancelled"],
            ["error", "Error"],
        ],
    });

    url = fields.Char();
    date = fields.Date();

    _records = [
        { id: 1, activity: "Welcome · Autumn", state: "error", date: "2026-11-02" },
        { id: 2, activity: "Welcome · Spring", state: "processed", date: "2026-11-03" },
        { id: 3, activity: "Reminder", state: "scheduled" },
        { id: 4, activity: "Reminder", state: "canceled" },
        { id: 5, activity: "Reminder", state: "rejected" },
    ];
}

defineMailModels();
defineModels([MarketingTrace]);

const COLORS = {
    Scheduled: "#f0ad4e",
    Processed: "#2e8540",
    Error: "#c62828",
    Cancelled: "#9aa0a6", // nothing was done
    Rejected: "#5aa7c4",
};

/** The renderer's data, whatever the library makes of it. */
async function getRenderer(type, groups) {
    const view = registry.category("views").get("marketing_graph");
    let renderer;
    class Spied extends view.Renderer {
        setup() {
            super.setup();
            renderer = this;
        }
    }
    registry.category("views").add("spied_graph", { ...view, Renderer: Spied }, { force: true });
    const rows = groups
        .map((group) => group.split(":"))
        .map(([name, interval]) => `<field name="${name}" ${interval ? `interval="${interval}"` : ""}/>`)
        .join("");
    const arch = `<graph js_class="spied_graph" string="Steps" type="${type}" stacked="1">${rows}</graph>`;
    await mountView({ type: "graph", resModel: "marketing.trace", arch });
    return renderer;
}

test("bars have the colours of their states", async () => {
    const renderer = await getRenderer("bar", ["activity", "state"]);
    const found = Object.fromEntries(
        renderer.getBarChartData().datasets.map(({ label, backgroundColor }) => [label, backgroundColor])
    );
    expect(found).toEqual(COLORS);
});

test("so have lines", async () => {
    const renderer = await getRenderer("line", ["activity", "state"]);
    const found = Object.fromEntries(
        renderer.getLineChartData().datasets.map(({ label, borderColor }) => [label, borderColor])
    );
    expect(found).toEqual(COLORS);
});

test("so have the slices of a pie, and its legend", async () => {
    const renderer = await getRenderer("pie", ["state"]);
    const { labels, datasets } = renderer.getPieChartData();
    const found = Object.fromEntries(labels.map((label, index) => [label, datasets[0].backgroundColor[index]]));
    expect(found).toEqual(COLORS);
});

test("no line joins bars that have nothing in common", async () => {
    const renderer = await getRenderer("bar", ["activity", "state"]);
    const { datasets } = renderer.getBarChartData();
    expect(datasets.map(({ label }) => label)).toEqual(["Scheduled", "Processed", "Rejected", "Cancelled", "Error"]);
    expect(datasets.some(({ type }) => type === "line")).toBe(false);
});

test("bars lie, with readable names beside them", async () => {
    const lying = await getRenderer("bar", ["activity", "state"]);
    expect(lying.getChartConfig().options.indexAxis).toBe("y");
    expect(lying.getLines("Welcome · Newsletter: welcome")).toEqual(["Welcome", "Newsletter: welcome"]);
    expect(lying.getLines(`https://www.example.com/${"a-long-path/".repeat(9)}end`)[0]).toMatch(
        /^example\.com.*….*end$/
    );
});

test("bars of days stand", async () => {
    const standing = await getRenderer("bar", ["date:day", "state"]);
    expect(standing.groupNames).toEqual(["Date (Day)", "State"]);
    expect(standing.getChartConfig().options.indexAxis).toBe(undefined);
});

test("a graph says what it shows: its title, its axes, whole numbers, and the same as a table", async () => {
    const renderer = await getRenderer("bar", ["activity", "state"]);
    expect(".o_marketing_graph_caption").toHaveText("Steps by Activity and State");
    const { x, y } = renderer.getScaleOptions();
    expect([x.title.display, x.title.text, y.title.display, y.title.text]).toEqual([true, "Steps", true, "Activity"]);
    expect([x.ticks.callback(2), x.ticks.callback(0.5), x.ticks.callback(1200)]).toEqual(["2", "", "1,200"]);
    expect(queryAllTexts(".o_marketing_graph_table th")).toEqual(["Activity", "State", "Steps"]);
    expect(".o_marketing_graph_table tbody tr").toHaveCount(5);
    expect("canvas").toHaveAttribute("aria-label", "Steps by Activity and State");
});

test("what Odoo makes up behind an empty graph is not read out", async () => {
    MarketingTrace._records = [];
    await mountView({
        type: "graph",
        resModel: "marketing.trace",
        arch: `<graph js_class="marketing_graph" sample="1"><field name="activity"/></graph>`,
    });
    expect("canvas").toHaveCount(1);
    expect(".o_marketing_graph_table").toHaveCount(0);
});
