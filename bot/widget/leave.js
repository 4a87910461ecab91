/**
 * Quick exit, for somebody whose screen must not be seen. Owns leaving: it clears
 * every chat of the tab, here and on the server, before anything else can fail.
 */
import { clearSessions } from "./session.js";

export const NEUTRAL_PAGE = "https://www.bbc.co.uk/weather";
const PRESSES = 3;
const PRESSES_WITHIN_MS = 5_000;

const chats = new Set();
let presses = [];

/** Adds a chat: `{exit, inUse, forget()}`. Returns what takes it away again. */
export function watchChat(chat) {
  if (!chats.size) listen("addEventListener");
  chats.add(chat);
  return () => {
    chats.delete(chat);
    if (!chats.size) listen("removeEventListener");
  };
}

/** Forgets everything and goes to `address` in place of this page, so Back does not return. */
export function leave(address) {
  for (const chat of chats) chat.forget();
  clearSessions();
  // The next page may be slow to come, and a blank one tells nothing.
  document.documentElement.style.setProperty("display", "none", "important");
  document.title = "Loading";
  location.replace(/^https?:\/\//.test(address ?? "") ? address : NEUTRAL_PAGE);
}

function listen(change) {
  // Captured at the window: the chat keeps its keys from the page around it.
  window[change]("keydown", countPress, true);
  window[change]("pointerdown", startCount, true);
}

function startCount() {
  presses = [];
}

function countPress(event) {
  if (event.key !== "Shift") return startCount(); // a capital letter is no wish to leave
  if (event.repeat) return undefined;
  const now = Date.now();
  presses = [...presses.filter((press) => now - press < PRESSES_WITHIN_MS), now];
  if (presses.length < PRESSES) return undefined;
  startCount();
  const chat = [...chats].find((each) => each.inUse);
  if (chat) leave(chat.exit);
  return undefined;
}
