/**
 * The text field and its length limit. Owns the rule that a text that is too long is
 * refused before it is sent, and never lost.
 */
import { icon, iconPaths, make } from "./elements.js";

const MAX_LENGTH = 1000; // characters, as the server counts them
const SHOW_COUNTER_FROM = 900;

// On a touch screen, focus in the field opens a keyboard that covers the conversation.
export const isTouchScreen = () => matchMedia("(pointer: coarse)").matches;

/** The trimmed text, or null if it is empty or too long to send. */
export function prepareText(text) {
  const trimmed = String(text).trim();
  return trimmed && countExcess(trimmed) <= 0 ? trimmed : null;
}

export class Composer {
  #words;
  #send;

  /** `send` is called with each text that can be sent. */
  constructor(words, send) {
    this.#words = words;
    this.#send = send;
    this.field = make("textarea", {
      id: "field",
      rows: "1",
      autocomplete: "off",
      enterkeyhint: "send",
      "aria-describedby": "counter error hint",
      input: () => this.#update(),
    });
    this.counter = make("span", { id: "counter", class: "counter" });
    this.error = make("p", { id: "error", class: "error", role: "alert" });
    const label = make("label", { for: "field" }, words.label);
    const button = make("button", { type: "submit", class: "send" }, icon(iconPaths.send), words.send);
    this.form = make(
      "form",
      { submit: this.submit, dir: words.direction },
      make("div", { class: "label-row" }, label, this.counter),
      make("div", { class: "field-row" }, this.field, button),
      this.error,
      make("span", { id: "hint", hidden: true }, words.hint),
    );
  }

  focus() {
    this.field.focus();
  }

  clear() {
    this.field.value = "";
    this.#update();
  }

  /** Puts a refused text back for editing, unless the person is writing something else. */
  restoreText(text) {
    if (this.field.value) return;
    this.field.value = text;
    this.#update();
  }

  submit = (event) => {
    event.preventDefault();
    const text = prepareText(this.field.value);
    if (text) {
      this.#send(text);
      this.clear();
      if (!isTouchScreen()) this.focus();
    } else if (this.#update() > 0) {
      const length = MAX_LENGTH + countExcess(this.field.value.trim());
      this.#setError(this.#words.tooLong(length, MAX_LENGTH));
      this.focus();
    }
  };

  /** Updates the counter. Returns by how many characters the text is too long. */
  #update() {
    const excess = countExcess(this.field.value.trim());
    const nearLimit = excess > SHOW_COUNTER_FROM - MAX_LENGTH;
    const { remaining, tooMany } = this.#words;
    this.counter.textContent = excess > 0 ? tooMany(excess) : nearLimit ? remaining(-excess) : "";
    if (excess <= 0) this.#setError("");
    return excess;
  }

  #setError(sentence) {
    this.error.textContent = sentence;
    if (sentence) this.field.setAttribute("aria-invalid", "true");
    else this.field.removeAttribute("aria-invalid");
  }
}

function countExcess(text) {
  return [...text].length - MAX_LENGTH;
}
