/**
 * The <community-connector> element: a floating chat, or with data-mode="page" a chat
 * that fills its container. Owns its shadow tree, its key events and its focus. Must never
 * use a string as markup or style the page around it.
 *
 * Methods: open(), close(), send(text). Events: "open", "close" and "message"; the
 * last has detail {from: "person" | "chat"} and no text, so that the page's analytics
 * cannot record the conversation.
 * Attributes: data-title, data-accent, data-position (start, end, left, right),
 * data-language, data-open, data-mode, data-exit (the page that quick exit opens),
 * data-heading (heading level of the title, default 2), data-leave="page" (the page has
 * its own button to leave).
 */
import { Composer, isTouchScreen, prepareText } from "./composer.js";
import { Conversation } from "./conversation.js";
import { make } from "./elements.js";
import { buildFrame } from "./frame.js";
import { leave, registerChat } from "./leave.js";
import { Placement } from "./place.js";
import { addMaps, renderHelpBar, renderReply } from "./replies.js";
import { claimKey, readSession, releaseKey } from "./session.js";
import { findWords } from "./words.js";

const SERVER = new URL("../", import.meta.url);
const STILL_WAITING_MS = 4_000;
const SPACE_ABOVE_PX = 12;

// Fetched as text, since a page's Content Security Policy may forbid <style> and style="".
const sheet = new CSSStyleSheet();
const styled = fetch(new URL("chat.css", import.meta.url))
  .then((response) => response.text())
  .then((text) => sheet.replaceSync(text))
  .catch(() => undefined);

class CommunityConnector extends HTMLElement {
  #parts = null;
  #composer;
  #placement = null; // only for a floating chat
  #turns = new Map();
  #open = false;
  #unread = 0;
  #stillWaitingTimer = 0;
  #announceTimer = 0;

  connectedCallback() {
    if (!this.#parts) this.#build();
    this.key = claimKey(SERVER, this.dataset.session ?? "");
    this.conversation = new Conversation(SERVER, this.key, {
      onAdded: (entries) => this.#addEntries(entries),
      onChanged: (entry) => this.#updateTurn(entry),
      onWaiting: (count) => this.#showWaiting(count),
      onForgotten: () => this.#reset(),
    });
    this.unregister = registerChat(this);
    addEventListener("pageshow", this.#onPageShow);
    this.stopPlacement = this.#placement?.watch();
    styled.then(() => this.#start());
  }

  disconnectedCallback() {
    removeEventListener("pageshow", this.#onPageShow);
    this.stopPlacement?.();
    this.unregister();
    releaseKey(this.key);
  }

  get exit() {
    return this.dataset.exit;
  }

  get isInUse() {
    return this.isOpen || this.conversation.isStarted;
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
      (isTouchScreen() ? this.#parts.title : this.#composer).focus();
    });
  }

  /** Closes the panel and returns the focus to the launcher. Nothing is forgotten. */
  close() {
    if (!this.#floating || !this.isOpen) return;
    this.#show(false);
    this.#parts.launcher.focus();
  }

  /** Sends a text as if the person had typed it. Returns false if it is empty or too long. */
  send(text) {
    const message = prepareText(text);
    if (!message) return false;
    this.conversation.sendText(message);
    return true;
  }

  /** Forgets the conversation here and on the server. Quick exit calls it. */
  forget() {
    return this.conversation.forget();
  }

  /** Forgets the conversation and shows a chat that nobody has used. */
  empty() {
    this.forget();
    if (this.#floating) this.#show(false);
    else this.conversation.greet();
  }

  #start() {
    this.#restore();
    this.#parts.root.hidden = false;
    const isWide = matchMedia("(min-width: 40em)").matches;
    const opensAtStart = "open" in this.dataset && this.dataset.open !== "false" && isWide;
    if (!this.#floating || (this.conversation.open ?? opensAtStart)) this.#show(true);
  }

  #restore() {
    this.#reset();
    const entries = this.conversation.restore();
    if (entries.length) this.#quietly(() => this.#addEntries(entries, { restored: true }));
  }

  // Back after a quick exit may restore this page from memory, with the old conversation.
  #onPageShow = (event) => {
    if (!event.persisted || readSession(this.key)) return;
    document.documentElement.style.removeProperty("display");
    this.empty();
  };

  #show(open) {
    if (this.#open === open) return;
    this.#open = open;
    this.#parts.launcher.hidden = open;
    const change = () => this.#placement?.show(open);
    if (this.conversation.isStarted) this.#quietly(change);
    else change();
    this.#setUnread(0);
    this.conversation.saveOpen(open);
    if (open && !this.conversation.isStarted) this.conversation.greet();
    if (open) this.#scrollTo(this.#parts.log.lastElementChild);
    this.dispatchEvent(new CustomEvent(open ? "open" : "close"));
  }

  /** Makes a change without screen readers announcing the whole log again. */
  #quietly(change) {
    const { log } = this.#parts;
    log.setAttribute("aria-live", "off");
    change();
    clearTimeout(this.#announceTimer);
    this.#announceTimer = setTimeout(() => log.setAttribute("aria-live", "polite"), 200);
  }

  #addEntries(entries, { restored = false } = {}) {
    const { log } = this.#parts;
    const turns = entries.map((entry) => this.#renderTurn(entry));
    log.append(...addMaps(entries, turns, this.#context));
    this.#keepHelpInSight(entries);
    if (turns.length) this.#scrollTo(turns[0], restored);
    if (restored) return;
    for (const { reply, text } of entries) {
      if (!reply && !text) continue;
      this.dispatchEvent(new CustomEvent("message", { detail: { from: reply ? "chat" : "person" } }));
      if (reply && !this.isOpen) this.#setUnread(this.#unread + 1);
    }
  }

  /** Once helplines were shown, the last of them stay in a line until the chat is forgotten. */
  #keepHelpInSight(entries) {
    const { help } = this.#parts;
    const reply = entries.findLast((entry) => entry.reply?.type === "help_lines")?.reply;
    if (!reply) return;
    help.replaceChildren(...renderHelpBar(reply, this.words));
    help.hidden = false;
  }

  get #context() {
    return {
      words: this.words,
      heading: Math.min(this.heading + 1, 6),
      server: SERVER,
      tap: (option) => this.conversation.sendTap(option),
      announce: (sentence) => this.#setStatus(sentence),
    };
  }

  #renderTurn(entry) {
    if (entry.reply) return make("div", { class: "turn" }, renderReply(entry.reply, this.#context));
    const turn = make("div", { class: "turn mine", hidden: !entry.text });
    if (entry.text) {
      const label = make("span", { class: "hidden" }, `${this.words.youSaid} `);
      turn.append(make("div", { class: "bubble", dir: "auto" }, label, entry.text));
    }
    this.#turns.set(entry, turn);
    if (entry.state === "failed") this.#updateTurn(entry);
    return turn;
  }

  #updateTurn(entry) {
    const turn = this.#turns.get(entry);
    turn.querySelector(".problem")?.remove();
    turn.hidden = !entry.text && entry.state !== "failed";
    if (entry.state !== "failed") return;
    const { words } = this;
    const sentences = {
      offline: entry.text ? words.offline : words.noGreeting,
      fault: words.serverFault,
      lost: words.noAnswer,
    };
    const retry = entry.canRetry
      ? make("button", { type: "button", class: "plain", click: () => this.#retry(entry) }, words.tryAgain)
      : null;
    const sentence = sentences[entry.problem] ?? entry.problem;
    turn.append(make("div", { class: "problem" }, make("p", {}, sentence), retry));
    if (!entry.canRetry && entry.message.text) this.#composer.restoreText(entry.text);
    this.#scrollTo(turn);
  }

  #retry(entry) {
    this.#composer.focus(); // the button disappears, and the focus must not be lost with it
    this.conversation.retry(entry);
  }

  #showWaiting(count) {
    const { typing } = this.#parts;
    this.#setStatus("", () => (typing.hidden = !count));
    clearTimeout(this.#stillWaitingTimer);
    if (!count) return;
    this.#stillWaitingTimer = setTimeout(() => this.#setStatus(this.words.stillWaiting), STILL_WAITING_MS);
  }

  /** Shows a sentence below the log. If the end of the log was visible, it stays visible. */
  #setStatus(sentence, change = () => undefined) {
    const { log, status } = this.#parts;
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < SPACE_ABOVE_PX;
    status.textContent = sentence;
    change();
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }

  #reset() {
    this.#turns.clear();
    this.#parts.log.replaceChildren();
    this.#parts.help.hidden = true;
    this.#composer.clear();
    this.#showWaiting(0);
    this.#setUnread(0);
  }

  #setUnread(unread) {
    this.#unread = unread;
    this.#parts.badge.hidden = !unread;
    this.#parts.badge.replaceChildren(
      make("span", { "aria-hidden": "true" }, String(unread)),
      make("span", { class: "hidden" }, ` ${this.words.unread(unread)}`),
    );
  }

  #scrollTo(turn, isInstant = false) {
    if (!turn) return;
    const isSmooth = !isInstant && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { log, panel } = this.#parts;
    const scroller = log.scrollHeight > log.clientHeight ? log : panel; // zoomed in, the panel scrolls
    const above = turn.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    const top = scroller.scrollTop + above - SPACE_ABOVE_PX;
    scroller.scrollTo({ top, behavior: isSmooth ? "smooth" : "auto" });
  }

  #startAgain = async () => {
    this.#composer.focus();
    await this.forget();
    if (!this.conversation.isStarted) this.conversation.greet();
  };

  #onKey = (event) => {
    // The page sees this element as the target, not the field, so its shortcuts would act on
    // typed letters.
    event.stopPropagation();
    if (event.type !== "keydown" || event.isComposing) return;
    if (event.key === "Escape" && this.#floating) this.close();
    if (event.key === "Enter" && !event.shiftKey && event.target === this.#composer.field) {
      this.#composer.submit(event);
    }
  };

  #build() {
    const { language, words } = findWords(this.dataset.language);
    this.words = words;
    this.heading = Math.min(Math.max(Number(this.dataset.heading) || 2, 1), 6);
    const options = {
      language,
      words,
      name: this.dataset.title || words.title,
      heading: this.heading,
      floating: this.#floating,
      hasLeave: this.dataset.leave !== "page",
    };
    this.#composer = new Composer(words, (text) => this.send(text));
    this.#parts = buildFrame(options, this.#composer.form, {
      open: () => this.open(),
      close: () => this.close(),
      startAgain: this.#startAgain,
      leave: () => leave(this.exit),
    });
    const { root, panel } = this.#parts;
    if (this.#floating) {
      const actions = { quietly: (change) => this.#quietly(change), close: () => this.#show(false) };
      this.#placement = new Placement(this, this.#parts, actions);
    }
    for (const type of ["keydown", "keypress", "keyup"]) panel.addEventListener(type, this.#onKey);
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(root);
    if (this.dataset.accent) {
      import("./accent.js").then(({ applyAccent }) => applyAccent(this, this.dataset.accent));
    }
  }
}

if (!customElements.get("community-connector")) {
  customElements.define("community-connector", CommunityConnector);
}
