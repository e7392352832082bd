import { onWillUnmount } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";

const REFRESH = 10000; // milliseconds between two looks
const REST = 9; // times as long as a look took: of a huge campaign, the server does other things, too

/**
 * Look again and again while the component lives, one look after the other.
 *
 * @param {() => Promise} look
 */
export function useLiveRefresh(look) {
    let timer = browser.setTimeout(refresh, REFRESH);
    let isAlive = true;
    async function refresh() {
        const begun = Date.now();
        try {
            await look();
        } finally {
            if (isAlive) {
                timer = browser.setTimeout(refresh, Math.max(REFRESH, REST * (Date.now() - begun)));
            }
        }
    }
    onWillUnmount(() => {
        isAlive = false;
        browser.clearTimeout(timer);
    });
}
