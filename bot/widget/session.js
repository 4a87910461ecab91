/**
 * What the browser tab stores: one conversation for each chat on the page, in
 * sessionStorage. Must never store what a person tapped or a check-in's screens: its
 * answers are taps, and stay in memory until the person presses Send.
 */
const PREFIX = "community-connector ";
const MAX_ENTRIES = 200;
// Taps of an open check-in, which hold its answers so far (bot/checkin_flow.py).
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
    return Array.isArray(session?.entries) ? session : null;
  } catch {
    return null; // storage is refused, or the value is not ours
  }
}

export function writeSession(key, { conversation, open, entries }) {
  const stored = entries
    .filter((entry) => (entry.reply ? !isCheckIn(entry.reply) : entry.message.text))
    .slice(-MAX_ENTRIES)
    .map(({ reply, text, state }) => (reply ? { reply } : { text, sent: state === "sent" }));
  try {
    sessionStorage.setItem(key, JSON.stringify({ conversation, open, entries: stored }));
  } catch {
    // Storage is refused or full: the chat continues, and is lost when the page closes.
  }
}

function isCheckIn({ options }) {
  return options?.some(({ tap }) => CHECK_IN.test(tap)) ?? false;
}

/** Deletes every chat of this tab on this site, including those of other pages. */
export function clearSessions() {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
    }
  } catch {
    // Storage is refused, so nothing was stored.
  }
}
