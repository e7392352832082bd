import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";

import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";

import { listDays } from "./workflow_layout";

const SUCCESS = "#1e7e34";
const REJECTED = "#c62828";

/** Successes and rejections of an activity, by day. */
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

    get summary() {
        return _t("Success and Rejected by day, from %(first)s to %(last)s", {
            first: this.formatDay(this.props.firstDay),
            last: this.formatDay(this.props.lastDay),
        });
    }

    formatDay(day) {
        return luxon.DateTime.fromISO(day).toLocaleString(luxon.DateTime.DATE_MED);
    }

    getConfig() {
        const { series, firstDay, lastDay } = this.props;
        const days = listDays(firstDay, lastDay);
        const line = (label, numbers, color) => ({
            label,
            data: days.map((day) => numbers[day] || 0),
            borderColor: color,
            backgroundColor: `${color}1a`,
            borderWidth: 2,
            fill: true,
            pointRadius: 0,
            pointHitRadius: 8,
            tension: 0.3,
            cubicInterpolationMode: "monotone",
        });
        return {
            type: "line",
            data: {
                labels: days.map((day) => this.formatDay(day)),
                datasets: [
                    line(_t("Success"), series.processed || {}, SUCCESS),
                    line(_t("Rejected"), series.rejected || {}, REJECTED),
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                plugins: { legend: { display: false } },
                scales: {
                    x: { display: false },
                    y: { display: false, beginAtZero: true, suggestedMax: 1 },
                },
            },
        };
    }
}
