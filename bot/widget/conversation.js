/**
 * One conversation: what was said, what waits for an answer, what failed. Owns the
 * order of sending. Must never touch the page: it tells its view what changed.
 *
 * An entry is `{reply}` from the chat, or `{text, message, state, problem, again}`
 * from the person: `state` is "waiting", "sent" or "failed"; `text` is empty for the
 * greeting, which nobody said.
 */
import { forgetConversation, Refusal, sendMessage } from "./server.js";
import { readSession, writeSession } from "./session.js";

export class Conversation {
  #server;
  #key;
  #view;
  #queue = Promise.resolve();
  #waiting = 0;
  #id = null;

  /** `view` has added(entries), changed(entry), waiting(count) and forgotten(). */
  constructor(server, key, view) {
    this.#server = server;
    this.#key = key;
    this.#view = view;
    this.entries = [];
    this.open = null;
  }

  get begun() {
    return this.entries.length > 0;
  }

  /** Takes up what this tab remembers. Returns the entries without telling the view. */
  restore() {
    const session = readSession(this.#key);
    this.#id = session?.conversation ?? null;
    this.open = session?.open ?? null;
    this.entries = (session?.entries ?? []).map(({ reply, text, sent }) =>
      reply
        ? { reply }
        : { text, message: { text }, state: sent ? "sent" : "failed", problem: "lost", again: true },
    );
    return this.entries;
  }

  remember(open) {
    this.open = open;
    this.#save();
  }

  greet() {
    this.#say({ text: "", message: { tap: "greet" } });
  }

  say(text) {
    this.#say({ text, message: { text } });
  }

  tap({ label, tap }) {
    this.#say({ text: label, message: { tap } });
  }

  retry(entry) {
    if (entry.state === "failed") this.#send(entry);
  }

  /** Forgets everything here and on the server; an answer on its way is dropped too. */
  async forget() {
    const id = this.#id;
    this.#id = null;
    this.entries = [];
    this.#waiting = 0;
    this.#queue = Promise.resolve();
    this.#save();
    this.#view.forgotten();
    await forgetConversation(this.#server, id);
  }

  #say(entry) {
    this.entries.push(entry);
    entry.state = "waiting";
    this.#view.added([entry]);
    this.#send(entry);
  }

  #send(entry) {
    entry.state = "waiting";
    entry.problem = "";
    this.#count(1);
    this.#view.changed(entry);
    this.#save();
    const { entries } = this; // forget() puts another list in its place
    // One at a time: the first answer brings the id that the next message needs.
    this.#queue = this.#queue.then(() => this.#deliver(entry, entries));
  }

  async #deliver(entry, entries) {
    const stale = () => this.entries !== entries;
    if (stale()) return;
    let answer;
    try {
      answer = await sendMessage(this.#server, this.#id, entry.message);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (stale()) return;
      const { sentence, offline, again } = refusal;
      Object.assign(entry, {
        state: "failed",
        problem: sentence || (offline ? "offline" : "fault"),
        again,
      });
      this.#settle(entry, []);
      return;
    }
    if (stale()) {
      // It was answered after the person asked to be forgotten.
      forgetConversation(this.#server, answer.conversation);
      return;
    }
    this.#id = answer.conversation;
    entry.state = "sent";
    this.#settle(
      entry,
      answer.replies.map((reply) => ({ reply })),
    );
  }

  #settle(entry, answers) {
    this.entries.push(...answers);
    this.#count(-1);
    this.#view.changed(entry);
    if (answers.length) this.#view.added(answers);
    this.#save();
  }

  #count(change) {
    this.#waiting += change;
    this.#view.waiting(this.#waiting);
  }

  #save() {
    writeSession(this.#key, { conversation: this.#id, open: this.open, entries: this.entries });
  }
}
