import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";

import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { formatInteger } from "@web/views/fields/formatters";

import { STATE_COLORS } from "../state_colors";
import { listDays, sumPeriods } from "./workflow_layout";

/** How often an activity was executed and rejected, by day: counts, so bars, and nothing in between. */
export class WorkflowChart extends Component {
    static template = "marketing_automation.WorkflowChart";
    static props = {
        series: Object,
        firstDay: String,
        lastDay: String,
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                if (!this.canvas.el) {
                    return;
                }
                // a big workflow has many charts, of which few are seen at a time
                let chart = null;
                const observer = new IntersectionObserver((entries) => {
                    // who scrolls quickly brings it into sight before its first report, of being out of it, is read
                    if (entries.at(-1).isIntersecting && !chart) {
                        chart = new Chart(this.canvas.el, this.getConfig());
                    }
                });
                observer.observe(this.canvas.el);
                return () => {
                    observer.disconnect();
                    chart?.destroy();
                };
            },
            () => [JSON.stringify(this.props)]
        );
    }

    // ------------------------------------------------------------
    // What the template reads
    // ------------------------------------------------------------

    get periods() {
        const { series, firstDay, lastDay } = this.props;
        return sumPeriods([series.processed || {}, series.rejected || {}], listDays(firstDay, lastDay));
    }

    get isEmpty() {
        return !this.periods.sums.flat().some(Boolean);
    }

    get unitLabel() {
        return { day: _t("per day"), week: _t("per week"), month: _t("per month") }[this.periods.unit];
    }

    get summary() {
        return _t("Success and Rejected %(unit)s, from %(first)s to %(last)s", {
            unit: this.unitLabel,
            first: this.formatDay(this.props.firstDay, luxon.DateTime.DATE_MED),
            last: this.formatDay(this.props.lastDay, luxon.DateTime.DATE_MED),
        });
    }

    /** The periods in which something happened. */
    get rows() {
        const { unit, starts, sums } = this.periods;
        return starts
            .map((day, index) => ({
                day,
                label: this.formatPeriod(unit, day),
                processed: formatInteger(sums[0][index]),
                rejected: formatInteger(sums[1][index]),
                total: sums[0][index] + sums[1][index],
            }))
            .filter(({ total }) => total);
    }

    formatDay(day, format = { month: "short", day: "numeric" }) {
        return luxon.DateTime.fromISO(day).toLocaleString(format);
    }

    formatPeriod(unit, day) {
        if (unit === "month") {
            return this.formatDay(day, { month: "long", year: "numeric" });
        }
        const label = this.formatDay(day, luxon.DateTime.DATE_MED);
        return unit === "week" ? _t("Week of %s", label) : label;
    }

    // ------------------------------------------------------------
    // The chart
    // ------------------------------------------------------------

    getConfig() {
        const { unit, starts, sums } = this.periods;
        const bars = (label, data, color) => ({ label, data, backgroundColor: color, borderWidth: 0, minBarLength: 0 });
        return {
            type: "bar",
            data: {
                labels: starts.map((day) => this.formatPeriod(unit, day)),
                datasets: [
                    bars(_t("Success"), sums[0], STATE_COLORS.processed),
                    bars(_t("Rejected"), sums[1], STATE_COLORS.rejected),
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                datasets: { bar: { categoryPercentage: 1, barPercentage: 0.8 } },
                plugins: { legend: { display: false } },
                scales: {
                    x: { stacked: true, display: false },
                    y: {
                        stacked: true,
                        beginAtZero: true,
                        suggestedMax: 1,
                        border: { display: false },
                        ticks: {
                            maxTicksLimit: 2,
                            precision: 0,
                            font: { size: 10 },
                            callback: (value) => formatInteger(value),
                        },
                    },
                },
            },
        };
    }
}
