import { formatInteger } from "@web/views/fields/formatters";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { GraphModel, SEP } from "@web/views/graph/graph_model";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";

import { STATE_COLORS } from "../state_colors";

const BAR = 34; // pixels, with the space around it
const AROUND = 130; // pixels: legend, axis and title
const NARROW = 20; // characters of a line beside a bar, on a phone
const WIDE = 44;
const ROWS = 500; // of the table for screen readers
const PART = " · "; // between an activity and its campaign, see marketing.activity

/**
 * @param {string} label
 * @param {number} length in characters
 * @returns {string} as much of it as there is room for; of an address its end, where it differs from others
 */
export function fitLabel(label, length) {
    const text = label.replace(/^https?:\/\/(www\.)?/, "");
    if (text.length <= length) {
        return text;
    }
    if (text === label) {
        return `${text.slice(0, length - 1)}…`;
    }
    const end = Math.floor((length - 1) * 0.6);
    return `${text.slice(0, length - 1 - end)}…${text.slice(-end)}`;
}

export class MarketingGraphModel extends GraphModel {
    /** No line across the bars: those of different activities or addresses have nothing in common. */
    _getLineOverlayDataset() {
        return null;
    }

    /** Activities of a campaign stand together, unless the user sorts them by number. */
    _getProcessedDataPoints() {
        const points = super._getProcessedDataPoints();
        const { groupBy, order } = this.metaData;
        if (order !== null || groupBy[0]?.fieldName !== "activity_id") {
            return points;
        }
        const campaigns = [...new Set(points.map((point) => point.labels[0].split(PART).at(-1)))].sort();
        const place = (point) => campaigns.indexOf(point.labels[0].split(PART).at(-1));
        return points.toSorted((a, b) => place(a) - place(b));
    }
}

/**
 * A graph of counts: whose bars lie, so that names can be read beside them; that says what it shows, in words and as
 * a table for screen readers; in which each state of traces and participants has its own colour.
 */
export class MarketingGraphRenderer extends GraphRenderer {
    static template = "marketing_automation.MarketingGraphRenderer";

    // ------------------------------------------------------------
    // What the template reads
    // ------------------------------------------------------------

    get measureName() {
        const { measure, measures, title } = this.model.metaData;
        return measure === "__count" ? title : measures[measure].string;
    }

    get groupNames() {
        const { groupBy, fields, fieldAttrs } = this.model.metaData;
        return groupBy.map(({ fieldName, interval }) => {
            const string = fieldAttrs[fieldName]?.string || fields[fieldName].string;
            const intervals = { day: _t("Day"), week: _t("Week"), month: _t("Month"), year: _t("Year") };
            return intervals[interval] ? `${string} (${intervals[interval]})` : string;
        });
    }

    get caption() {
        const [first, ...others] = this.groupNames;
        if (!first) {
            return this.measureName;
        }
        const names = { measure: this.measureName, first, others: others.join(", ") };
        return others.length
            ? _t("%(measure)s by %(first)s and %(others)s", names)
            : _t("%(measure)s by %(first)s", names);
    }

    get rows() {
        const points = this.model.dataPoints || [];
        return points.slice(0, ROWS).map(({ labels, value }) => ({ labels, value: this.formatValue(value) }));
    }

    get containerStyle() {
        if (!this.isLying) {
            return "";
        }
        return `min-height: max(50vh, ${BAR * this.model.data.labels.length + AROUND}px)`;
    }

    // ------------------------------------------------------------
    // Bars that lie
    // ------------------------------------------------------------

    /** What follows time goes from left to right; names stand below each other. */
    get isLying() {
        const { mode, groupBy, fields } = this.model.metaData;
        const type = groupBy.length && fields[groupBy[0].fieldName].type;
        return mode === "bar" && !["date", "datetime"].includes(type);
    }

    prepareOptions() {
        const options = super.prepareOptions();
        if (this.isLying) {
            options.indexAxis = "y";
        }
        if (this.isPhone) {
            options.plugins.legend.labels = { ...options.plugins.legend.labels, boxWidth: 14 };
        }
        if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
            options.animation = false;
        }
        return options;
    }

    get isPhone() {
        return Boolean(this.env.isSmall);
    }

    getScaleOptions() {
        const scales = super.getScaleOptions();
        if (!scales.y) {
            return scales;
        }
        const { allIntegers } = this.model.metaData;
        const color = scales.y.ticks.color;
        Object.assign(scales.y.title, { display: true, text: this.measureName, color });
        scales.x.title = { display: Boolean(this.groupNames.length), text: this.groupNames[0] || "", color };
        if (allIntegers !== false) {
            scales.y.ticks.precision = 0;
            scales.y.ticks.callback = (value) => (Number.isInteger(value) ? this.formatValue(value) : "");
        }
        if (!this.isLying) {
            return scales;
        }
        const { labels } = this.model.data;
        scales.x.ticks.callback = (_value, index) => this.getLines(labels[index]);
        scales.x.ticks.autoSkip = false;
        return { x: { ...scales.y, beginAtZero: true }, y: scales.x };
    }

    /**
     * @param {string} label of a bar
     * @returns {string[]} the lines that stand beside it
     */
    getLines(label) {
        const [first, ...others] = String(label).split(PART);
        const lines = others.length ? [first, others.join(PART)] : [first];
        return lines.map((line) => fitLabel(line, this.isPhone ? NARROW : WIDE));
    }

    formatValue(value, allIntegers = true, formatType = "") {
        return allIntegers && !formatType && Number.isInteger(value)
            ? formatInteger(value)
            : super.formatValue(value, allIntegers, formatType);
    }

    // ------------------------------------------------------------
    // Colours of states
    // ------------------------------------------------------------

    get states() {
        return this.model.metaData.fields.state?.selection || [];
    }

    /**
     * @param {string} label of a dataset, or of a slice
     * @returns {string|undefined} the colour of the state that it stands for, if it stands for one
     */
    getStateColor(label) {
        const words = String(label).split(SEP);
        const state = this.states.find(([, name]) => words.includes(name));
        return state && STATE_COLORS[state[0]];
    }

    getBarChartData() {
        this.sortStates();
        const data = super.getBarChartData();
        for (const dataset of data.datasets) {
            dataset.backgroundColor = this.getStateColor(dataset.label) || dataset.backgroundColor;
            dataset.maxBarThickness = 48;
        }
        return data;
    }

    /** In every bar the same order: that of the states. */
    sortStates() {
        const names = this.states.map(([, name]) => name);
        const place = ({ label }) => names.findIndex((name) => String(label).split(SEP).includes(name));
        this.model.data.datasets.sort((a, b) => place(a) - place(b));
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
        const { mode, groupBy } = this.model.metaData;
        if (mode === "bar" && groupBy.length < 2) {
            options.display = false; // one colour, whose meaning the title says
        }
        if (mode === "pie") {
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

registry.category("views").add("marketing_graph", {
    ...graphView,
    Model: MarketingGraphModel,
    Renderer: MarketingGraphRenderer,
});
