/**
 * Quick exit, for somebody whose screen must not be seen. Owns leaving: it deletes every
 * chat of the tab, here and on the server, before anything else can fail. The site's other
 * tabs forget theirs and stay where they are, with an empty chat.
 */
import { clearSessions, isLeaving } from "./session.js";

export const NEUTRAL_PAGE = "https://www.bbc.co.uk/weather";
const PRESSES = 3;
const WITHIN_MS = 5_000;

const chats = new Set();
let presses = [];

/** Registers a chat: `{exit, isInUse, forget(), empty()}`. Returns a function that unregisters it. */
export function registerChat(chat) {
  if (!chats.size) listen("addEventListener");
  chats.add(chat);
  return () => {
    chats.delete(chat);
    if (!chats.size) listen("removeEventListener");
  };
}

/** Forgets everything and replaces this page with `address`, so that Back does not return. */
export function leave(address) {
  for (const chat of chats) chat.forget();
  clearSessions();
  // The next page may load slowly, and a blank page reveals nothing.
  document.documentElement.style.setProperty("display", "none", "important");
  document.title = "Loading";
  location.replace(/^https?:\/\//.test(address ?? "") ? address : NEUTRAL_PAGE);
}

function listen(method) {
  // Captured at the window, since the chat hides its key events from the page around it.
  window[method]("keydown", countPress, true);
  window[method]("pointerdown", resetPresses, true);
  window[method]("storage", followOtherTab);
}

function followOtherTab(event) {
  if (isLeaving(event)) for (const chat of chats) chat.empty();
}

function resetPresses() {
  presses = [];
}

function countPress(event) {
  if (event.key !== "Shift") return resetPresses(); // Shift for a capital letter does not count
  if (event.repeat) return undefined;
  const now = Date.now();
  presses = [...presses.filter((press) => now - press < WITHIN_MS), now];
  if (presses.length < PRESSES) return undefined;
  resetPresses();
  const chat = [...chats].find(({ isInUse }) => isInUse);
  if (chat) leave(chat.exit);
  return undefined;
}
