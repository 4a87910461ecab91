/**
 * The <community-connector> element: a floating chat, or with data-mode="page" one
 * that fills its container. Owns its shadow tree, its keys and its focus. Must never
 * put markup from a string on the page, nor style the page around it.
 *
 * Methods: open(), close(), send(text). Events: "open", "close" and "message"; the
 * last has detail {from: "person" | "chat"} and no words, since what is said here is
 * not for the page's analytics.
 * Attributes: data-title, data-accent, data-position (start, end, left, right),
 * data-language, data-open, data-mode, data-exit (where quick exit goes), data-heading
 * (level of its title, 2 unless told), data-leave="page" (the page has its own button).
 */
import { Composer, sendable, touched } from "./composer.js";
import { Conversation } from "./conversation.js";
import { make } from "./elements.js";
import { buildFrame } from "./frame.js";
import { leave, watchChat } from "./leave.js";
import { Place } from "./place.js";
import { showReply, withMaps } from "./replies.js";
import { claimKey, readSession, releaseKey } from "./session.js";
import { wordsFor } from "./words.js";

const SERVER = new URL("../", import.meta.url);
const STILL_WAITING_MS = 4_000;
const SPACE_ABOVE_PX = 12;

// Fetched as text: a <style> or style="" would need leave from the page's CSP.
const sheet = new CSSStyleSheet();
const styled = fetch(new URL("chat.css", import.meta.url))
  .then((response) => response.text())
  .then((text) => sheet.replaceSync(text))
  .catch(() => undefined);

class CommunityConnector extends HTMLElement {
  #parts = null;
  #composer;
  #place = null; // none where the chat is a part of the page
  #turns = new Map();
  #open = false;
  #unread = 0;
  #still = 0;

  connectedCallback() {
    if (!this.#parts) this.#build();
    this.key = claimKey(SERVER, this.dataset.session ?? "");
    this.conversation = new Conversation(SERVER, this.key, {
      added: (entries) => this.#add(entries),
      changed: (entry) => this.#change(entry),
      waiting: (count) => this.#wait(count),
      forgotten: () => this.#empty(),
    });
    this.unwatch = watchChat(this);
    addEventListener("pageshow", this.#returned);
    this.unplace = this.#place?.watch();
    styled.then(() => this.#start());
  }

  disconnectedCallback() {
    removeEventListener("pageshow", this.#returned);
    this.unplace?.();
    this.unwatch();
    releaseKey(this.key);
  }

  get exit() {
    return this.dataset.exit;
  }

  get inUse() {
    return this.isOpen || this.conversation.begun;
  }

  get isOpen() {
    return this.#open;
  }

  get #floating() {
    return this.dataset.mode !== "page";
  }

  /** Opens the panel and moves the focus into it. */
  open() {
    styled.then(() => {
      this.#show(true);
      (touched() ? this.#parts.title : this.#composer).focus();
    });
  }

  /** Closes the panel and gives the focus back to the launcher. Nothing is forgotten. */
  close() {
    if (!this.#floating || !this.isOpen) return;
    this.#show(false);
    this.#parts.launcher.focus();
  }

  /** Sends a text as if the person had typed it. Returns false if it is empty or too long. */
  send(text) {
    const message = sendable(text);
    if (!message) return false;
    this.conversation.say(message);
    return true;
  }

  /** What quick exit calls: forgets the conversation here and on the server. */
  forget() {
    return this.conversation.forget();
  }

  #start() {
    this.#restore();
    this.#parts.all.hidden = false;
    const roomy = matchMedia("(min-width: 40em)").matches;
    const asked = "open" in this.dataset && this.dataset.open !== "false" && roomy;
    if (!this.#floating || (this.conversation.open ?? asked)) this.#show(true);
  }

  #restore() {
    this.#empty();
    const entries = this.conversation.restore();
    if (entries.length) this.#quietly(() => this.#add(entries, { restored: true }));
  }

  // Back after a quick exit may bring this page from memory, with what it showed then.
  #returned = (event) => {
    if (!event.persisted || readSession(this.key)) return;
    document.documentElement.style.removeProperty("display");
    this.#restore();
    if (this.#floating) this.#show(false);
    else this.conversation.greet();
  };

  #show(open) {
    if (this.#open === open) return;
    this.#open = open;
    this.#parts.launcher.hidden = open;
    const change = () => this.#place?.show(open);
    if (this.conversation.begun) this.#quietly(change);
    else change();
    this.#count(0);
    this.conversation.remember(open);
    if (open && !this.conversation.begun) this.conversation.greet();
    if (open) this.#scrollTo(this.#parts.log.lastElementChild);
    this.dispatchEvent(new CustomEvent(open ? "open" : "close"));
  }

  /** Changes the log without a screen reader saying all of it again. */
  #quietly(change) {
    const { log } = this.#parts;
    log.setAttribute("aria-live", "off");
    change();
    clearTimeout(this.loud);
    this.loud = setTimeout(() => log.setAttribute("aria-live", "polite"), 200);
  }

  #add(entries, { restored = false } = {}) {
    const { log } = this.#parts;
    const turns = entries.map((entry) => this.#turn(entry));
    log.append(...withMaps(entries, turns, this.#context));
    if (turns.length) this.#scrollTo(turns[0], restored);
    if (restored) return;
    for (const { reply, text } of entries) {
      if (!reply && !text) continue;
      this.dispatchEvent(new CustomEvent("message", { detail: { from: reply ? "chat" : "person" } }));
      if (reply && !this.isOpen) this.#count(this.#unread + 1);
    }
  }

  get #context() {
    return {
      words: this.words,
      heading: Math.min(this.heading + 1, 6),
      server: SERVER,
      tap: (option) => this.conversation.tap(option),
      tell: (sentence) => this.#tell(sentence),
    };
  }

  #turn(entry) {
    if (entry.reply) return make("div", { class: "turn" }, showReply(entry.reply, this.#context));
    const turn = make("div", { class: "turn mine", hidden: !entry.text });
    if (entry.text) {
      const by = make("span", { class: "hidden" }, `${this.words.youSaid} `);
      turn.append(make("div", { class: "bubble", dir: "auto" }, by, entry.text));
    }
    this.#turns.set(entry, turn);
    if (entry.state === "failed") this.#change(entry);
    return turn;
  }

  #change(entry) {
    const turn = this.#turns.get(entry);
    turn.querySelector(".problem")?.remove();
    turn.hidden = !entry.text && entry.state !== "failed";
    if (entry.state !== "failed") return;
    const { words } = this;
    const known = {
      offline: entry.text ? words.offline : words.noGreeting,
      fault: words.serverFault,
      lost: words.noAnswer,
    };
    const retry = entry.again
      ? make("button", { type: "button", class: "plain", click: () => this.#retry(entry) }, words.tryAgain)
      : null;
    const sentence = known[entry.problem] ?? entry.problem;
    turn.append(make("div", { class: "problem" }, make("p", {}, sentence), retry));
    if (!entry.again && entry.message.text) this.#composer.giveBack(entry.text);
    this.#scrollTo(turn);
  }

  #retry(entry) {
    this.#composer.focus(); // the button goes, and the focus must not go with it
    this.conversation.retry(entry);
  }

  #wait(count) {
    const { typing } = this.#parts;
    this.#tell("", () => (typing.hidden = !count));
    clearTimeout(this.#still);
    if (!count) return;
    this.#still = setTimeout(() => this.#tell(this.words.stillWaiting), STILL_WAITING_MS);
  }

  /** Says a sentence under the log, whose end goes on being seen if it was. */
  #tell(sentence, change = () => undefined) {
    const { log, status } = this.#parts;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < SPACE_ABOVE_PX;
    status.textContent = sentence;
    change();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  #empty() {
    this.#turns.clear();
    this.#parts.log.replaceChildren();
    this.#composer.clear();
    this.#wait(0);
    this.#count(0);
  }

  #count(unread) {
    this.#unread = unread;
    this.#parts.badge.hidden = !unread;
    this.#parts.badge.replaceChildren(
      make("span", { "aria-hidden": "true" }, String(unread)),
      make("span", { class: "hidden" }, ` ${this.words.unread(unread)}`),
    );
  }

  #scrollTo(turn, atOnce = false) {
    if (!turn) return;
    const calm = atOnce || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { log, panel } = this.#parts;
    const scroller = log.scrollHeight > log.clientHeight ? log : panel; // zoomed in, all of it scrolls
    const above = turn.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    const top = scroller.scrollTop + above - SPACE_ABOVE_PX;
    scroller.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
  }

  #startAgain = async () => {
    this.#composer.focus();
    await this.forget();
    if (!this.conversation.begun) this.conversation.greet();
  };

  #keys = (event) => {
    // The page's shortcuts see only this element, not the field, and would act on letters.
    event.stopPropagation();
    if (event.type !== "keydown" || event.isComposing) return;
    if (event.key === "Escape" && this.#floating) this.close();
    if (event.key === "Enter" && !event.shiftKey && event.target === this.#composer.field) {
      this.#composer.submit(event);
    }
  };

  #build() {
    const { language, words } = wordsFor(this.dataset.language);
    this.words = words;
    this.heading = Math.min(Math.max(Number(this.dataset.heading) || 2, 1), 6);
    const look = {
      language,
      words,
      name: this.dataset.title || words.title,
      heading: this.heading,
      floating: this.#floating,
      ownLeave: this.dataset.leave !== "page",
    };
    this.#composer = new Composer(words, (text) => this.send(text));
    this.#parts = buildFrame(look, this.#composer.form, {
      open: () => this.open(),
      close: () => this.close(),
      startAgain: this.#startAgain,
      leave: () => leave(this.exit),
    });
    const { all, panel } = this.#parts;
    if (this.#floating) {
      const acts = { quietly: (change) => this.#quietly(change), close: () => this.#show(false) };
      this.#place = new Place(this, this.#parts, acts);
    }
    for (const type of ["keydown", "keypress", "keyup"]) panel.addEventListener(type, this.#keys);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(all);
    if (this.dataset.accent) {
      import("./accent.js").then(({ applyAccent }) => applyAccent(this, this.dataset.accent));
    }
  }
}

if (!customElements.get("community-connector")) {
  customElements.define("community-connector", CommunityConnector);
}
