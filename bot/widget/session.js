/**
 * What the browser tab stores: one conversation for each chat on the page, in
 * sessionStorage. Must never store what a person tapped, or a check-in's screens and what is
 * typed meanwhile: its answers stay in memory until the person presses Send.
 *
 * All tabs of a site share a random mark, in localStorage, and each session is valid for
 * the mark it was written under. Leaving removes it: open tabs are told by the browser, and
 * a tab that it had put away, or that is on another page, finds its session invalid.
 */
const PREFIX = "community-connector ";
const MARK = `${PREFIX}mark`;
const MAX_ENTRIES = 200;
// Taps of an open check-in, which hold its answers so far (bot/checkin_pages.py).
const CHECK_IN = /^ci:(?!start$)/;
const claimed = new Set();

/** A key for a chat. The first chat of a name on the page gets the key without a number. */
export function claimKey(server, name) {
  const base = `${PREFIX}${server} ${name}`;
  let key = base;
  for (let number = 2; claimed.has(key); number += 1) key = `${base} ${number}`;
  claimed.add(key);
  return key;
}

export function releaseKey(key) {
  claimed.delete(key);
}

/** The session last written as `{conversation, open, entries}`, or null. */
export function readSession(key) {
  try {
    const session = JSON.parse(sessionStorage.getItem(key));
    const isValid = Array.isArray(session?.entries) && session.mark === localStorage.getItem(MARK);
    return isValid ? session : null;
  } catch {
    return null; // storage is refused, or the value is not ours
  }
}

export function writeSession(key, { conversation, open, entries }) {
  const stored = entries
    .filter(({ reply, message, isPrivate }) => (reply ? !isCheckIn(reply) : message.text && !isPrivate))
    .slice(-MAX_ENTRIES)
    .map(({ reply, text, state }) =>
      reply ? { reply: { ...reply, open_checkin: "" } } : { text, sent: state === "sent" },
    );
  try {
    if (!entries.length) return sessionStorage.removeItem(key);
    const mark = localStorage.getItem(MARK) ?? Math.random().toString(36).slice(2);
    localStorage.setItem(MARK, mark);
    sessionStorage.setItem(key, JSON.stringify({ mark, conversation, open, entries: stored }));
  } catch {
    // Storage is refused or full: the chat continues, and is lost when the page closes.
  }
}

function isCheckIn({ options }) {
  return options?.some(({ tap }) => CHECK_IN.test(tap)) ?? false;
}

/** Whether a "storage" event says that the person leaves in another tab of this site. */
export function isLeaving({ key, newValue }) {
  return key === MARK && newValue === null;
}

/** Deletes every chat of this tab on this site, and makes those of its other tabs invalid. */
export function clearSessions() {
  try {
    localStorage.removeItem(MARK);
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
    }
  } catch {
    // Storage is refused, so nothing was stored.
  }
}
