/**
 * One conversation: its entries, the queue of unsent messages and what failed. Owns the
 * order of sending. Must never touch the page: it tells its view what changed.
 *
 * An entry is `{reply}` from the chat, or `{text, message, state, problem, canRetry}`
 * from the person: `state` is "waiting", "sent" or "failed"; `text` is empty for the
 * request of the greeting, which nobody typed. What is sent while a check-in is open may answer
 * it, and is marked `isPrivate`: it is not stored.
 */
import { forgetConversation, SendError, sendMessage } from "./server.js";
import { readSession, writeSession } from "./session.js";

export class Conversation {
  #server;
  #key;
  #view;
  #queue = Promise.resolve();
  #waiting = 0;
  #id = null;
  // The open question of a check-in, with the answers so far: in memory only, until Send.
  #openCheckin = "";

  /** `view` has onAdded(entries), onChanged(entry), onWaiting(count) and onForgotten(). */
  constructor(server, key, view) {
    this.#server = server;
    this.#key = key;
    this.#view = view;
    this.entries = [];
    this.open = null;
  }

  get isStarted() {
    return this.entries.length > 0;
  }

  /** Restores what this tab stored. Returns the entries without telling the view. */
  restore() {
    const session = readSession(this.#key);
    this.#id = session?.conversation ?? null;
    this.open = session?.open ?? null;
    this.entries = (session?.entries ?? []).map(({ reply, text, sent }) =>
      reply
        ? { reply }
        : {
            text,
            message: { text },
            state: sent ? "sent" : "failed",
            problem: "lost",
            canRetry: true,
          },
    );
    return this.entries;
  }

  saveOpen(open) {
    this.open = open;
    this.#save();
  }

  greet() {
    this.#addMessage({ text: "", message: { tap: "greet" } });
  }

  sendText(text) {
    this.#addMessage({ text, message: { text } });
  }

  sendTap({ label, tap }) {
    this.#addMessage({ text: label, message: { tap } });
  }

  retry(entry) {
    if (entry.state === "failed") this.#send(entry);
  }

  /** Forgets everything here and on the server. An answer on its way is dropped too. */
  async forget() {
    const id = this.#id;
    this.#id = null;
    this.#openCheckin = "";
    this.entries = [];
    this.#waiting = 0;
    this.#queue = Promise.resolve();
    this.#save();
    this.#view.onForgotten();
    await forgetConversation(this.#server, id);
  }

  #addMessage(entry) {
    this.entries.push(entry);
    entry.state = "waiting";
    this.#view.onAdded([entry]);
    this.#send(entry);
  }

  #send(entry) {
    entry.state = "waiting";
    entry.problem = "";
    entry.isPrivate ||= Boolean(this.#openCheckin);
    this.#changeWaiting(1);
    this.#view.onChanged(entry);
    this.#save();
    const { entries } = this; // forget() replaces the list
    // One at a time: the first answer brings the id that the next message needs.
    this.#queue = this.#queue.then(() => this.#deliver(entry, entries));
  }

  async #deliver(entry, entries) {
    const isForgotten = () => this.entries !== entries;
    if (isForgotten()) return;
    entry.isPrivate ||= Boolean(this.#openCheckin); // it may have been opened in the meantime
    const body = { conversation: this.#id, message: entry.message, open_checkin: this.#openCheckin };
    let answer;
    try {
      answer = await sendMessage(this.#server, body, (early) => {
        if (!isForgotten()) this.#addReplies(early);
      });
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      if (isForgotten()) return;
      const { sentence, isOffline, canRetry } = error;
      Object.assign(entry, {
        state: "failed",
        problem: sentence || (isOffline ? "offline" : "fault"),
        canRetry,
      });
      this.#finish(entry);
      return;
    }
    if (isForgotten()) {
      // The answer came after the person asked to be forgotten.
      forgetConversation(this.#server, answer.conversation);
      return;
    }
    entry.state = "sent";
    this.#openCheckin = answer.replies.reduce((open, reply) => reply.open_checkin || open, "");
    this.#finish(entry);
    this.#addReplies(answer);
  }

  #finish(entry) {
    this.#changeWaiting(-1);
    this.#view.onChanged(entry);
    this.#save();
  }

  #addReplies({ conversation, replies }) {
    this.#id = conversation;
    const entries = replies.map((reply) => ({ reply }));
    this.entries.push(...entries);
    this.#view.onAdded(entries);
    this.#save();
  }

  #changeWaiting(change) {
    this.#waiting += change;
    this.#view.onWaiting(this.#waiting);
  }

  #save() {
    writeSession(this.#key, { conversation: this.#id, open: this.open, entries: this.entries });
  }
}
