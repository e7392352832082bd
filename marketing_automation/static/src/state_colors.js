/**
 * What each state of traces and of participants looks like, in graphs; badges and the timeline have the same hues.
 * Green is for what was done, red for what failed alone: who did not match a filter, and what was cancelled, is neither.
 */
export const STATE_COLORS = {
    scheduled: "#f0ad4e",
    processed: "#2e8540",
    rejected: "#5aa7c4",
    canceled: "#9aa0a6",
    error: "#c62828",
    running: "#2f6fb5",
    completed: "#2e8540",
    unlinked: "#9aa0a6",
};
