/**
 * Where a person writes: the field, its limit and what is said about it. Owns the rule
 * that a text too long is refused before it is sent, and never lost.
 */
import { icon, lines, make } from "./elements.js";

const LONGEST_MESSAGE = 1000; // characters, as the server counts them
const COUNT_FROM = 900;

// On a touch screen focus in the field brings the keyboard up, over what was said.
export const touched = () => matchMedia("(pointer: coarse)").matches;

/** The text to send, or null if there is none or it is too long. */
export function sendable(text) {
  const message = String(text).trim();
  return message && excess(message) <= 0 ? message : null;
}

export class Composer {
  #words;
  #send;

  /** `send` is called with each text that may go. */
  constructor(words, send) {
    this.#words = words;
    this.#send = send;
    this.field = make("textarea", {
      id: "field",
      rows: "1",
      autocomplete: "off",
      enterkeyhint: "send",
      "aria-describedby": "room error hint",
      input: () => this.#check(),
    });
    this.room = make("span", { id: "room", class: "room" });
    this.error = make("p", { id: "error", class: "error", role: "alert" });
    const label = make("label", { for: "field" }, words.label);
    const button = make("button", { type: "submit", class: "send" }, icon(lines.send), words.send);
    this.form = make(
      "form",
      { submit: this.submit, dir: words.direction },
      make("div", { class: "label-row" }, label, this.room),
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
    this.#check();
  }

  /** Gives a refused text back for changing, unless something else is being written. */
  giveBack(text) {
    if (this.field.value) return;
    this.field.value = text;
    this.#check();
  }

  submit = (event) => {
    event.preventDefault();
    const text = sendable(this.field.value);
    if (text) {
      this.#send(text);
      this.clear();
      if (!touched()) this.focus();
    } else if (this.#check() > 0) {
      const length = LONGEST_MESSAGE + excess(this.field.value.trim());
      this.#refuse(this.#words.tooLong(length, LONGEST_MESSAGE));
      this.focus();
    }
  };

  /** Shows how much room is left. Returns by how many characters the text is too long. */
  #check() {
    const over = excess(this.field.value.trim());
    const near = over > COUNT_FROM - LONGEST_MESSAGE;
    this.room.textContent = over > 0 ? this.#words.over(over) : near ? this.#words.left(-over) : "";
    if (over <= 0) this.#refuse("");
    return over;
  }

  #refuse(sentence) {
    this.error.textContent = sentence;
    if (sentence) this.field.setAttribute("aria-invalid", "true");
    else this.field.removeAttribute("aria-invalid");
  }
}

function excess(text) {
  return [...text].length - LONGEST_MESSAGE;
}
