import { browser } from "@web/core/browser/browser";

const KEY = "marketing_automation.activity";

/**
 * What was copied or cut, for all windows of this browser: ids alone, which the server checks when they are pasted.
 *
 * @returns {{id: number, campaign: number, isCut: boolean} | null} null where that is nothing
 */
export function readClipboard() {
    try {
        const { id, campaign, isCut } = JSON.parse(browser.localStorage.getItem(KEY));
        return Number.isInteger(id) ? { id, campaign, isCut: Boolean(isCut) } : null;
    } catch {
        return null; // nothing, or not ours
    }
}

/** @param {{id: number, campaign: number, isCut: boolean} | null} content */
export function writeClipboard(content) {
    if (content) {
        browser.localStorage.setItem(KEY, JSON.stringify(content));
    } else {
        browser.localStorage.removeItem(KEY);
    }
}
