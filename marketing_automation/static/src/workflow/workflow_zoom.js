import { useEffect } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { clamp } from "@web/core/utils/numbers";
import { closestScrollableX, closestScrollableY } from "@web/core/utils/scrolling";

const LEAST = 0.2;
const LEAST_FIT = 0.01; // of a workflow of hundreds of cards one sees the shape
const FIT_STEPS = 8;
const MOST = 1.5;
const STEP = 0.1;
export const FAR = 0.55; // below, a card shows its name alone
export const MAP = 0.12; // below, nobody could read that either

/** Wait until what has changed is laid out. */
function nextFrame() {
    return new Promise((resolve) => browser.requestAnimationFrame(() => browser.requestAnimationFrame(resolve)));
}

/**
 * How big the cards are: by CSS zoom, so that the workflow is laid out anew for the room that there is, and the browser
 * scrolls, finds and focuses as ever.
 */
export class WorkflowZoom {
    /**
     * @param {{level: number}} state reactive
     * @param {{el: HTMLElement}} tree
     */
    constructor(state, tree) {
        Object.assign(this, { state, tree });
    }

    get percent() {
        return `${Math.round(100 * this.state.level)} %`;
    }

    set(level, least = Math.min(LEAST, this.state.level)) {
        this.state.level = clamp(Math.round(1000 * level) / 1000, least, MOST);
    }

    in() {
        return this.keepSight(this.state.level + STEP);
    }

    out() {
        return this.keepSight(this.state.level - STEP);
    }

    reset() {
        return this.keepSight(1);
    }

    /** Set a level, and have the card in the middle of the window stay where it is. */
    async keepSight(level) {
        const { el } = this.tree;
        const middle = browser.innerHeight / 2;
        const getDistance = (card) => {
            const { left, right, top, bottom } = card.getBoundingClientRect();
            return Math.hypot((top + bottom) / 2 - middle, (left + right) / 2 - browser.innerWidth / 2);
        };
        const cards = [...el.querySelectorAll(".o_marketing_activity_card")];
        const distances = new Map(cards.map((card) => [card, getDistance(card)]));
        const nearest = cards.reduce((best, card) => (distances.get(card) < distances.get(best) ? card : best));
        const before = nearest.getBoundingClientRect();
        this.set(level);
        await nextFrame();
        if (before.bottom > 0 && before.top < browser.innerHeight) {
            const after = nearest.getBoundingClientRect();
            closestScrollableX(el)?.scrollBy({ left: after.left - before.left });
            closestScrollableY(el)?.scrollBy({ top: after.top - before.top });
        }
    }

    /**
     * Show all of it: as big as the window has room for. How the cards stand depends on how big they are, so that is
     * tried.
     */
    async fit() {
        await this.tryLevel(1);
        if (!this.isAllSeen()) {
            await this.tryLevel(await this.findLevel(LEAST_FIT, 1, FIT_STEPS));
        }
        this.tree.el.scrollIntoView({ block: "start" });
        closestScrollableY(this.tree.el)?.scrollBy({ top: -this.coveredHeight });
    }

    /** How much of the window what stays at its top covers while one scrolls: the buttons of the form. */
    get coveredHeight() {
        const bar = this.tree.el.closest(".o_form_view")?.querySelector(".o_form_statusbar");
        return bar && getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
    }

    /** The biggest level at which all is seen, between one at which it is and one at which it is not. */
    async findLevel(small, big, steps) {
        if (!steps) {
            return Math.floor(1000 * small) / 1000;
        }
        const middle = Math.sqrt(small * big);
        await this.tryLevel(middle);
        return this.isAllSeen() ? this.findLevel(middle, big, steps - 1) : this.findLevel(small, middle, steps - 1);
    }

    async tryLevel(level) {
        this.set(level, LEAST_FIT);
        await nextFrame();
    }

    isAllSeen() {
        const { clientWidth, scrollWidth } = this.tree.el.parentElement;
        const page = closestScrollableY(this.tree.el.parentElement);
        const room = (page ? page.clientHeight : browser.innerHeight) - this.coveredHeight;
        return scrollWidth <= clientWidth && this.tree.el.getBoundingClientRect().height <= room;
    }
}

/**
 * Let the background be dragged with the mouse: it pans what scrolls.
 *
 * @param {{el: HTMLElement}} ref of the workflow
 */
export function usePan(ref) {
    useEffect(
        (el) => {
            const onDown = (ev) => {
                const isBackground = !ev.target.closest("button, a, input, .o_marketing_activity_card, .alert");
                if (ev.button || ev.pointerType === "touch" || !isBackground) {
                    return;
                }
                const [across, down] = [closestScrollableX(el), closestScrollableY(el)];
                let { clientX, clientY } = ev;
                const onMove = (move) => {
                    across?.scrollBy({ left: clientX - move.clientX });
                    down?.scrollBy({ top: clientY - move.clientY });
                    ({ clientX, clientY } = move);
                };
                const onUp = () => {
                    window.removeEventListener("pointermove", onMove);
                    el.classList.remove("o_marketing_panning");
                };
                el.classList.add("o_marketing_panning");
                window.addEventListener("pointermove", onMove);
                window.addEventListener("pointerup", onUp, { once: true });
            };
            el.addEventListener("pointerdown", onDown);
            return () => el.removeEventListener("pointerdown", onDown);
        },
        () => [ref.el]
    );
}
