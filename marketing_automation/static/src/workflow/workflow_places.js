import { _t } from "@web/core/l10n/translation";

import { isBelow, proposeWay } from "./workflow_layout";

/**
 * @param {object} card that is to go elsewhere
 * @param {object} parent the card that it would follow
 * @param {object[]} cards of the workflow
 * @returns {object} the way by which it would: the same as now where there is that one, else what fits best
 */
export function fitWay(card, parent, cards) {
    return parent.ways.find(({ key }) => key === card.way) || proposeWay(parent, cards);
}

/**
 * @param {object} card
 * @param {object[]} cards of the workflow
 * @returns {object[]} where the card may go: `parent` (a card; none: the beginning), the `way` that is proposed, its
 *  `name` and `depth`
 */
export function listPlaces(card, cards) {
    const places = [{ name: _t("The beginning of the workflow"), depth: 0 }];
    const ids = new Set(cards.map(({ id }) => id));
    const visit = (parentId, depth) => {
        for (const parent of cards) {
            const isHere = (ids.has(parent.parent_id) ? parent.parent_id : false) === parentId;
            if (!isHere || parent.id === card.id || isBelow(parent, card, cards)) {
                continue;
            }
            if (parent.ways.length) {
                places.push({ parent, way: fitWay(card, parent, cards), name: parent.name, depth });
            }
            visit(parent.id, depth + 1);
        }
    };
    visit(false, 1);
    return places;
}

/**
 * @param {number} cardId of what is dragged
 * @param {object[]} cards of the workflow
 * @returns {(target: {cardId?: number, way?: string}) => {parent?: object, way?: string} | null} where it would go, of a
 *  card, an end of one of its branches, or the beginning; null where it may not
 */
export function makePlaceFinder(cardId, cards) {
    const byId = new Map(cards.map((card) => [card.id, card]));
    const card = byId.get(cardId);
    const below = new Set([card, ...cards.filter((other) => isBelow(other, card, cards))]);
    return (target) => {
        const parent = target.cardId && byId.get(target.cardId);
        if (!parent) {
            return target.cardId ? null : {};
        }
        if (below.has(parent) || !parent.ways.length) {
            return null;
        }
        return { parent, way: parent.ways.find(({ key }) => key === target.way) || fitWay(card, parent, cards) };
    };
}
