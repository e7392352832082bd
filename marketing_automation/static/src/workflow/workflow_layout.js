import { user } from "@web/core/user";

// Pixels; the stylesheet knows the same.
const CARD_WIDTH = 270;
const LEAST_WIDTH = 205; // of a card that is far inside
const END_WIDTH = 150;
const GAP = 24; // beside each card, half of it on either side
const INDENT = 28;
const STACK_WIDTH = 380;
const MOST_BARS = 45; // of a card's graph

/**
 * Arrange the cards of a workflow as a tree: branches side by side where there is room for
 * them, below each other where there is not. A card that chooses among branches has a node for each of them: where
 * nothing follows, an end.
 *
 * @param {object[]} cards with `id`, `parent_id`, `way` and `ways`, in the order of the workflow
 * @param {number} width in pixels
 * @returns {{mode: "row" | "stack", children: object[]}} the root, above all first activities; each
 *  of its `children` has a `key`, a `card`, or the `parent` and the `end` (a way) after which nothing follows, the
 *  `width` of its column in pixels, or null for as much as it needs, and `mode` and `children` likewise; `isFlat` where
 *  those below each other are not indented any more
 */
export function arrangeWorkflow(cards, width) {
    const byParent = new Map();
    const ids = new Set(cards.map((card) => card.id));
    for (const card of cards) {
        // below a removed activity: shown, as a first one, rather than lost
        const parent = ids.has(card.parent_id) ? card.parent_id : false;
        byParent.set(parent, [...(byParent.get(parent) || []), card]);
    }
    const grow = (card) => {
        const children = followBranches(card, byParent.get(card && card.id) || []).map((next) =>
            next.card ? grow(next.card) : makeEnd(next)
        );
        const inRow = children.reduce((sum, child) => sum + child.rowWidth, 0);
        const key = card ? card.id : "root";
        // a single one stands straight below, several of them are indented where they stand below each other
        const below = Math.max(0, ...children.map((child) => child.least)) + (children.length > 1 ? INDENT : 0);
        const sizes = { least: Math.max(LEAST_WIDTH, below), rowWidth: Math.max(CARD_WIDTH + GAP, inRow) };
        return { key, card: card || null, children, ...sizes, width: null, mode: "row" };
    };
    const root = grow(false);
    place(root, width);
    return root;
}

function makeEnd(end) {
    return { ...end, children: [], least: END_WIDTH, rowWidth: END_WIDTH + GAP, width: null, mode: "row" };
}

/** What follows a card, in the order of its branches: cards, and the ends of branches without any. */
function followBranches(card, followers) {
    const branches = ((card && card.ways) || []).filter((way) => way.branch);
    const rest = followers.filter(({ way }) => !branches.some(({ key }) => key === way));
    const ordered = branches.flatMap((end) => {
        const followed = followers.filter(({ way }) => way === end.key);
        return followed.length ? followed.map((next) => ({ card: next })) : [{ key: end.key, parent: card, end }];
    });
    return [...ordered, ...rest.map((next) => ({ card: next }))];
}

/**
 * @param {object} card
 * @param {object[]} cards of the workflow
 * @returns {object} the way by which another activity most likely follows a card: its first branch after which nothing
 *  follows, else the first of its ways
 */
export function proposeWay(card, cards) {
    const isFollowed = ({ key }) => cards.some((other) => other.parent_id === card.id && other.way === key);
    return card.ways.find((way) => way.branch && !isFollowed(way)) || card.ways[0];
}

/** @returns {boolean} whether a card comes, at any depth, below another one */
export function isBelow(card, ancestor, cards) {
    const byId = new Map(cards.map((other) => [other.id, other]));
    for (let parent = byId.get(card.parent_id); parent; parent = byId.get(parent.parent_id)) {
        if (parent.id === ancestor.id) {
            return true;
        }
    }
    return false;
}

function place(node, width) {
    const count = node.children.length;
    if (node.rowWidth <= width) {
        return; // everything below it stands side by side
    }
    const column = Math.floor(width / count);
    const least = Math.max(CARD_WIDTH, ...node.children.map((child) => child.least)) + GAP;
    if (column >= least || count === 1) {
        for (const child of node.children) {
            child.width = column;
            place(child, column);
        }
        return;
    }
    node.mode = "stack";
    const room = Math.min(width, STACK_WIDTH);
    node.isFlat = room - INDENT < LEAST_WIDTH; // however deep it goes, a card stays readable
    for (const child of node.children) {
        place(child, node.isFlat ? room : room - INDENT);
    }
}

/**
 * @param {string} firstDay as "2026-11-23"
 * @param {string} lastDay likewise
 * @returns {string[]} all days from the first to the last, both included
 */
export function listDays(firstDay, lastDay) {
    const days = [];
    const end = luxon.DateTime.fromISO(lastDay, { zone: "utc" });
    for (let day = luxon.DateTime.fromISO(firstDay, { zone: "utc" }); day <= end; day = day.plus({ days: 1 })) {
        days.push(day.toISODate());
    }
    return days;
}

/**
 * Sum up what happened by day: by week where the days are too many for bars, and by month where the weeks are.
 *
 * @param {object[]} series numbers by day, of which few have one
 * @param {string[]} days all days, in order
 * @returns {{unit: "day" | "week" | "month", starts: string[], sums: number[][]}} the first day of each period, and
 *  the sums of each series by period
 */
export function sumPeriods(series, days) {
    const unit = days.length <= MOST_BARS ? "day" : days.length <= 7 * MOST_BARS ? "week" : "month";
    const start = (day) => (unit === "day" ? day : luxon.DateTime.fromISO(day).startOf(unit).toISODate());
    const places = new Map();
    for (const day of days) {
        const period = start(day);
        if (!places.has(period)) {
            places.set(period, places.size);
        }
    }
    const sums = series.map((numbers) => {
        const totals = Array(places.size).fill(0);
        for (const [day, number] of Object.entries(numbers)) {
            if (places.has(start(day))) {
                totals[places.get(start(day))] += number;
            }
        }
        return totals;
    });
    return { unit, starts: [...places.keys()], sums };
}

/**
 * @param {number} count of those to whom it happened
 * @param {number} sent of those to whom the message was sent
 * @returns {string} the share in per cent, as the user's language writes it: whole from 1% on, with one digit below
 */
export function formatShare(count, sent) {
    if (!sent) {
        return "–";
    }
    const share = count / sent;
    const maximumFractionDigits = share > 0 && share < 0.01 ? 1 : 0;
    const format = new Intl.NumberFormat(user.lang || undefined, { style: "percent", maximumFractionDigits });
    return format.format(share);
}
