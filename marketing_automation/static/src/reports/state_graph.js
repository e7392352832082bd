import { registry } from "@web/core/registry";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";

// What each state of traces and of participants looks like, here as on the badges: scheduled orange, processed blue …
export const STATE_COLORS = {
    scheduled: "#f0ad4e",
    processed: "#2f6fb5",
    error: "#c62828",
    canceled: "#4caf6d",
    rejected: "#9ecae9",
    running: "#2f6fb5",
    completed: "#4caf6d",
    unlinked: "#9e9e9e",
};

/** A graph of traces or participants: where states are told apart, each has its own colour. */
export class StateGraphRenderer extends GraphRenderer {
    /**
     * @param {string} label of a dataset, or of a slice
     * @returns {string|undefined} the colour of the state that it stands for, if it stands for one
     */
    getStateColor(label) {
        const words = String(label).split(" / ");
        const { selection } = this.model.metaData.fields.state;
        const state = selection.find(([, name]) => words.includes(name));
        return state && STATE_COLORS[state[0]];
    }

    getBarChartData() {
        const data = super.getBarChartData();
        for (const dataset of data.datasets) {
            dataset.backgroundColor = this.getStateColor(dataset.label) || dataset.backgroundColor;
        }
        return data;
    }

    getLineChartData() {
        const data = super.getLineChartData();
        for (const dataset of data.datasets) {
            const color = this.getStateColor(dataset.label);
            if (color) {
                Object.assign(dataset, {
                    borderColor: color,
                    pointBackgroundColor: color,
                    hoverBackgroundColor: color,
                    backgroundColor: `${color}80`,
                });
            }
        }
        return data;
    }

    getPieChartData() {
        const data = super.getPieChartData();
        for (const dataset of data.datasets) {
            if (Array.isArray(dataset.backgroundColor)) {
                dataset.backgroundColor = dataset.backgroundColor.map(
                    (color, index) => this.getStateColor(data.labels[index]) || color
                );
                dataset.hoverBackgroundColor = dataset.backgroundColor;
            }
        }
        return data;
    }

    getLegendOptions() {
        const options = super.getLegendOptions();
        if (this.model.metaData.mode === "pie") {
            const { generateLabels } = options.labels;
            options.labels.generateLabels = (chart) =>
                generateLabels(chart).map((label) => ({
                    ...label,
                    fillStyle: this.getStateColor(label.fullText) || label.fillStyle,
                }));
        }
        return options;
    }
}

registry.category("views").add("marketing_state_graph", { ...graphView, Renderer: StateGraphRenderer });
