import { makeDraggableHook } from "@web/core/utils/draggable_hook_builder_owl";
import { pick } from "@web/core/utils/objects";

const CARD = ".o_marketing_activity_card";
const TARGET = `${CARD}, .o_marketing_workflow_end, .o_marketing_workflow_audience`;

const pickElement = ({ ctx }) => pick(ctx.current, "element");

/** As Odoo's useDraggable, but that the card stays where it is: a small sign of it follows the pointer. */
const useCardDraggable = makeDraggableHook({
    name: "useCardDraggable",
    onComputeParams: ({ ctx }) => {
        ctx.followCursor = false;
    },
    onDragStart: pickElement,
    onDrag: pickElement,
    onDragEnd: pickElement,
    onDrop: pickElement,
});

/**
 * Let cards be dragged by their head to where they may go; only those places light up.
 *
 * @param {object} params
 * @param {object} params.ref of the workflow
 * @param {() => boolean} params.enable
 * @param {(cardId: number) => (target: {cardId?: number, way?: string}) => object | null} params.makePlaceFinder gives
 *  what tells where a card would go, of the card or end at a target; null where it may not
 * @param {(cardId: number, place: object) => void} params.onMove
 */
export function useWorkflowDrag({ ref, enable, makePlaceFinder, onMove }) {
    let drag = null;

    const read = (element) => {
        if (element.matches(CARD)) {
            return { cardId: Number(element.dataset.id) };
        }
        const { parentId, way } = element.dataset;
        return parentId ? { cardId: Number(parentId), way } : {};
    };
    const follow = ({ x, y }) => {
        const place = `translate(${x + 12}px, ${y + 8}px)`;
        drag.motion.effect.setKeyframes({ transform: [place, place] });
        const over = drag.targets.find(({ element }) => {
            const { left, right, top, bottom } = element.getBoundingClientRect();
            return x >= left && x <= right && y >= top && y <= bottom;
        });
        if (over !== drag.over) {
            drag.over?.element.classList.remove("o_marketing_drop_over");
            over?.element.classList.add("o_marketing_drop_over");
            drag.over = over;
        }
    };

    return useCardDraggable({
        ref,
        enable,
        elements: CARD,
        handle: "header",
        ignore: "button, a",
        cursor: "grabbing",
        edgeScrolling: { speed: 20, threshold: 60 },
        onDragStart: ({ element, addClass }) => {
            const cardId = Number(element.dataset.id);
            const findPlace = makePlaceFinder(cardId);
            const targets = [...ref.el.querySelectorAll(TARGET)]
                .map((target) => ({ element: target, place: findPlace(read(target)) }))
                .filter(({ place }) => place);
            addClass(element.closest("li"), "o_marketing_dragged");
            addClass(ref.el, "o_marketing_dragging");
            targets.forEach((target) => addClass(target.element, "o_marketing_drop"));
            const sign = document.createElement("div");
            sign.className = "o_marketing_drag_sign";
            sign.textContent = element.dataset.name;
            document.body.append(sign);
            // Moved by an animation that stands still: any change of a style attribute has the browser look at the
            // styles of the whole page, since Odoo has rules for a page that has something; with 300 cards that takes
            // 40 ms.
            const motion = sign.animate({ transform: ["none", "none"] }, { duration: 1, fill: "both" });
            motion.pause();
            drag = { cardId, targets, sign, motion, over: undefined };
        },
        onDrag: follow,
        onDrop: () => {
            if (drag.over) {
                onMove(drag.cardId, drag.over.place);
            }
        },
        onDragEnd: () => {
            drag.over?.element.classList.remove("o_marketing_drop_over");
            drag.sign.remove();
            drag = null;
        },
    });
}
