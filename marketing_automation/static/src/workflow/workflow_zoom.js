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
        this.set(this.state.level + STEP);
    }

    out() {
        this.set(this.state.level - STEP);
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
        await new Promise((resolve) => browser.requestAnimationFrame(() => browser.requestAnimationFrame(resolve)));
    }

    isAllSeen() {
        const { clientWidth, scrollWidth } = this.tree.el.parentElement;
        const page = closestScrollableY(this.tree.el.parentElement);
        const room = page ? page.clientHeight : browser.innerHeight;
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
