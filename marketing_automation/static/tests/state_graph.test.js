import { expect, test } from "@odoo/hoot";
import { defineModels, fields, models, mountView } from "@web/../tests/web_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { registry } from "@web/core/registry";

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

    _records = [
        { id: 1, activity: "Welcome", state: "error" },
        { id: 2, activity: "Welcome", state: "processed" },
        { id: 3, activity: "Reminder", state: "scheduled" },
        { id: 4, activity: "Reminder", state: "canceled" },
        { id: 5, activity: "Reminder", state: "rejected" },
    ];
}

defineMailModels();
defineModels([MarketingTrace]);

const COLORS = {
    Scheduled: "#f0ad4e",
    Processed: "#2f6fb5",
    Error: "#c62828",
    Cancelled: "#4caf6d",
    Rejected: "#9ecae9",
};

/** The renderer's data, whatever the library makes of it. */
async function getRenderer(type, groups) {
    const view = registry.category("views").get("marketing_state_graph");
    let renderer;
    class Spied extends view.Renderer {
        setup() {
            super.setup();
            renderer = this;
        }
    }
    registry.category("views").add("spied_graph", { ...view, Renderer: Spied }, { force: true });
    const rows = groups.map((name) => `<field name="${name}"/>`).join("");
    const arch = `<graph js_class="spied_graph" type="${type}">${rows}</graph>`;
    await mountView({ type: "graph", resModel: "marketing.trace", arch });
    return renderer;
}

test("bars have the colours of their states", async () => {
    const renderer = await getRenderer("bar", ["activity", "state"]);
    const found = Object.fromEntries(
        renderer
            .getBarChartData()
            .datasets.filter(({ type }) => type !== "line") // the sum, drawn over them
            .map(({ label, backgroundColor }) => [label, backgroundColor])
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
