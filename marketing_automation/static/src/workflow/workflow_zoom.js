import { useEffect } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { clamp } from "@web/core/utils/numbers";
import { closestScrollableX, closestScrollableY } from "@web/core/utils/scrolling";

const LEAST = 0.2;
const MOST = 1.5;
const STEP = 0.1;
export const FAR = 0.55; // below, a card shows its name alone

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

    set(level) {
        this.state.level = clamp(Math.round(100 * level) / 100, LEAST, MOST);
    }

    in() {
        this.set(this.state.level + STEP);
    }

    out() {
        this.set(this.state.level - STEP);
    }

    /**
     * Show all of it: as wide as its branches need, and as high as the window.
     *
     * @param {number} width that the branches need side by side, in pixels
     */
    async fit(width) {
        const room = this.tree.el.parentElement.clientWidth;
        this.set(Math.min(1, room / width));
        await new Promise((resolve) => browser.requestAnimationFrame(() => browser.requestAnimationFrame(resolve)));
        const { height } = this.tree.el.getBoundingClientRect();
        this.set(Math.min(this.state.level, (this.state.level * 0.85 * browser.innerHeight) / height));
        this.tree.el.scrollIntoView({ block: "start" });
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
