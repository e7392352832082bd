import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";

import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { STATE_COLORS } from "../state_colors";

const COLORS = {
    messages: STATE_COLORS.running,
    past: STATE_COLORS.canceled,
    inside: STATE_COLORS.scheduled,
    completed: STATE_COLORS.completed,
    converted: "#7b4fa3",
};
const BAND = { backgroundColor: "#2f6fb555", borderColor: "#0b2f5a", borderWidth: 1.5, borderSkipped: false };
const LEAST = 0.05; // what is less is nothing
const FEWEST_DAYS = 14;

/** What a campaign will do: a chart by day with its band, the same as a table, and what is taken for true. */
export class Forecast extends Component {
    static template = "marketing_automation.Forecast";
    static props = { campaignId: Number };

    setup() {
        this.orm = useService("orm");
        this.canvas = useRef("canvas");
        this.keepLast = new KeepLast();
        this.state = useState({ data: null, isLoading: true, rates: {}, measure: "messages", step: 0 });
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                this.load();
            },
            () => [this.props.campaignId]
        );
        useEffect(
            (canvas) => {
                if (canvas) {
                    const chart = new Chart(canvas, this.getConfig());
                    return () => chart.destroy();
                }
            },
            () => [this.canvas.el, this.state.data, this.state.measure, this.state.step]
        );
    }

    async load() {
        this.state.isLoading = true;
        const args = [[this.props.campaignId], { ...this.state.rates }];
        try {
            const data = await this.keepLast.add(this.orm.call("marketing.campaign", "get_forecast", args));
            this.state.data = data;
        } finally {
            this.state.isLoading = false;
        }
    }

    // ------------------------------------------------------------
    // What is taken for true
    // ------------------------------------------------------------

    getRateValue(rate) {
        return rate.is_share ? Math.round(rate.value * 1000) / 10 : rate.value;
    }

    changeRate(rate, ev) {
        const value = Number(ev.target.value);
        const most = rate.is_share ? 100 : 1000000;
        if (ev.target.value === "" || !(value >= 0 && value <= most)) {
            ev.target.value = this.getRateValue(rate);
            return;
        }
        this.state.rates[rate.key] = rate.is_share ? value / 100 : value;
        this.load();
    }

    get hasGivenRates() {
        return Boolean(Object.keys(this.state.rates).length);
    }

    forgetRates() {
        this.state.rates = {};
        this.load();
    }

    // ------------------------------------------------------------
    // What is shown
    // ------------------------------------------------------------

    get measures() {
        const measures = [
            { key: "messages", label: _t("Messages") },
            { key: "inside", label: _t("People inside") },
            { key: "completed", label: _t("Completed") },
        ];
        if (this.state.data.has_goal) {
            measures.push({ key: "converted", label: _t("Conversions") });
        }
        return measures;
    }

    get measure() {
        return this.measures.find(({ key }) => key === this.state.measure) || this.measures[0];
    }

    choose(key) {
        this.state.measure = key;
    }

    chooseStep(ev) {
        this.state.step = Number(ev.target.value);
    }

    get step() {
        return this.state.data.steps.find(({ id }) => id === this.state.step);
    }

    /** The days that are worth showing: a while after the last on which something changes. */
    get days() {
        const { days, numbers } = this.state.data;
        const isMoving = (at) =>
            Object.entries(numbers).some(([key, band]) => {
                const before = key === "messages" || !at ? 0 : band[at - 1][0];
                return Math.abs(band[at][0] - before) > LEAST;
            });
        const last = days.findLastIndex((_day, at) => isMoving(at));
        return days.slice(0, Math.max(FEWEST_DAYS, last + 3));
    }

    /** The band of each day: [value, low, high]. */
    get band() {
        const isOfStep = this.measure.key === "messages" && this.step;
        const band = isOfStep ? this.step.messages : this.state.data.numbers[this.measure.key];
        return band.slice(0, this.days.length);
    }

    /** What really happened, of whole campaigns: messages alone, to the present day. */
    get past() {
        return this.measure.key === "messages" && !this.step ? this.state.data.past : [];
    }

    get pastDays() {
        return this.past.filter(([day]) => day < this.days[0]);
    }

    get sentToday() {
        return this.past.find(([day]) => day === this.days[0])?.[1] || 0;
    }

    get isEmpty() {
        const { numbers } = this.state.data;
        return !Object.values(numbers).some((band) => band.some(([value]) => value > LEAST));
    }

    get total() {
        const sum = this.band.reduce((before, [value]) => before + value, 0);
        return this.measure.key === "messages" ? sum : this.band.at(-1)[0];
    }

    get caption() {
        const names = {
            measure: this.step && this.measure.key === "messages" ? this.step.name : this.measure.label,
            first: this.formatDay(this.days[0]),
            last: this.formatDay(this.days.at(-1)),
            total: this.format(this.total),
        };
        return this.measure.key === "messages"
            ? _t("%(measure)s per day, %(first)s to %(last)s: some %(total)s in all", names)
            : _t("%(measure)s at the end of each day, %(first)s to %(last)s: some %(total)s in the end", names);
    }

    get notes() {
        const notes = [_t("In eight of ten futures it is within the band.")];
        if (this.past.length) {
            notes.push(_t("Grey is what was really sent."));
        }
        return [...notes, ...this.state.data.notes].join(" ");
    }

    get rows() {
        const sent = (day, value) => ({
            day: this.formatDay(day),
            value: formatInteger(value),
            band: _t("really sent"),
        });
        const past = this.pastDays.map(([day, value]) => sent(day, value));
        if (this.sentToday) {
            past.push(sent(this.days[0], this.sentToday));
        }
        return [
            ...past,
            ...this.band.map(([value, low, high], index) => ({
                day: this.formatDay(this.days[index]),
                value: this.format(value),
                band: _t("%(low)s to %(high)s", { low: this.format(low), high: this.format(high) }),
            })),
        ];
    }

    format(value) {
        return value < 10 && Math.abs(value - Math.round(value)) > LEAST
            ? formatFloat(value, { digits: [16, 1] })
            : formatInteger(Math.round(value));
    }

    formatDay(day) {
        return luxon.DateTime.fromISO(day).toLocaleString({ month: "short", day: "numeric" });
    }

    // ------------------------------------------------------------
    // The chart
    // ------------------------------------------------------------

    getConfig() {
        const labels = [...this.pastDays.map(([day]) => day), ...this.days].map((day) => this.formatDay(day));
        return {
            data: { labels, datasets: this.measure.key === "messages" ? this.getBars() : this.getLines() },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                plugins: {
                    legend: { display: false },
                    tooltip: {
                        filter: ({ raw }) => raw !== null,
                        callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${this.formatRaw(raw)}` },
                    },
                },
                scales: {
                    x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 12 } },
                    y: {
                        stacked: this.measure.key === "messages",
                        beginAtZero: true,
                        suggestedMax: 1,
                        ticks: { precision: 0, callback: (value) => formatInteger(value) },
                    },
                },
            },
        };
    }

    formatRaw(raw) {
        return Array.isArray(raw) ? raw.map((value) => this.format(value)).join(" – ") : this.format(raw);
    }

    getBars() {
        const none = this.pastDays.map(() => null);
        const bars = { type: "bar", maxBarThickness: 24 };
        const datasets = [
            {
                ...bars,
                label: this.measure.label,
                data: [...none, ...this.band.map(([value]) => value)],
                backgroundColor: COLORS.messages,
                stack: "days",
                order: 2,
            },
            {
                ...bars,
                label: _t("Band"),
                // above what was sent today
                data: [
                    ...none,
                    ...this.band.map(([, low, high], at) => {
                        const below = at ? 0 : this.sentToday;
                        return high > LEAST ? [below + low, below + high] : null;
                    }),
                ],
                ...BAND,
                stack: "band",
                grouped: false,
                order: 1,
            },
        ];
        if (this.past.length) {
            datasets.unshift({
                ...bars,
                label: _t("Really sent"),
                data: [...this.pastDays.map(([, value]) => value), this.sentToday || null],
                backgroundColor: COLORS.past,
                stack: "days",
                order: 2,
            });
        }
        return datasets.map((dataset) => ({ ...dataset, grouped: false }));
    }

    getLines() {
        const color = COLORS[this.measure.key];
        const edge = { type: "line", borderWidth: 0, pointRadius: 0 };
        const ofBand = (place) => this.band.map((numbers) => numbers[place]);
        return [
            { ...edge, label: _t("At least"), data: ofBand(1), fill: false },
            { ...edge, label: _t("At most"), data: ofBand(2), fill: "-1", backgroundColor: `${color}55` },
            { ...edge, label: this.measure.label, data: ofBand(0), borderColor: color, borderWidth: 2 },
        ];
    }
}

/** A section that is folded: what it shows is computed when it is opened. */
export class ForecastSection extends Component {
    static template = "marketing_automation.ForecastSection";
    static components = { Forecast };
    static props = { ...standardWidgetProps };

    setup() {
        this.state = useState({ isOpen: false });
    }

    get campaignId() {
        return this.props.record.data.campaign_id?.id;
    }

    toggle() {
        this.state.isOpen = !this.state.isOpen;
    }
}

registry.category("view_widgets").add("marketing_forecast", { component: ForecastSection });

/** The forecast of a campaign as a dialog of its own. */
export class ForecastPage extends Component {
    static template = "marketing_automation.ForecastPage";
    static components = { Forecast };
    static props = { ...standardActionServiceProps };

    get campaignId() {
        return this.props.action.params.campaign_id;
    }
}

registry.category("actions").add("marketing_forecast", ForecastPage);
