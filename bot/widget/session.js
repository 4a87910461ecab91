/**
 * What the browser tab remembers: one conversation per chat on the page, in
 * sessionStorage. Must never hold what a person tapped, nor a check-in's screens: its
 * answers are taps, and may live only in memory until the person presses Send.
 */
const PREFIX = "community-connector ";
const KEPT_ENTRIES = 200;
// Taps of a check-in under way, which carry its answers so far (bot/checkin_flow.py).
const CHECK_IN = /^ci:(?!start$)/;
const claimed = new Set();

/** A key of its own for a chat: the first of a name on the page gets the plain one. */
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
    return null; // storage is refused, or not ours
  }
}

export function writeSession(key, { conversation, open, entries }) {
  const kept = entries
    .filter((entry) => (entry.reply ? !isCheckIn(entry.reply) : entry.message.text))
    .slice(-KEPT_ENTRIES)
    .map(({ reply, text, state }) => (reply ? { reply } : { text, sent: state === "sent" }));
  try {
    sessionStorage.setItem(key, JSON.stringify({ conversation, open, entries: kept }));
  } catch {
    // Storage is refused or full: the chat goes on, and forgets when the page goes.
  }
}

function isCheckIn({ options }) {
  return options?.some(({ tap }) => CHECK_IN.test(tap)) ?? false;
}

/** Forgets every chat of this tab on this site, those of other pages included. */
export function clearSessions() {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
    }
  } catch {
    // Storage is refused, so nothing was kept.
  }
}
