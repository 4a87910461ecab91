/**
 * Where a floating chat stands: beside the page, or over all of it where there is no
 * room. Owns being modal only then, and that the chat never hides what the page's own
 * focus is on. Must never change the page around it.
 */

// Where the open chat covers the whole page, as in chat.css.
const covering = matchMedia("(max-width: 30em), (max-height: 30em)");

export class Place {
  #chat;
  #panel;
  #launcher;
  #acts;
  #open = false;

  /** `acts` has quietly(change), which announces nothing of a change, and close(). */
  constructor(chat, { panel, launcher }, acts) {
    this.#chat = chat;
    this.#panel = panel;
    this.#launcher = launcher;
    this.#acts = acts;
    panel.addEventListener("cancel", (event) => {
      event.preventDefault(); // Escape, or a phone's own way back
      chat.close();
    });
  }

  /** Begins to watch the page; returns what ends that. */
  watch() {
    addEventListener("focusin", this.#uncover);
    covering.addEventListener("change", this.#resize);
    return () => {
      removeEventListener("focusin", this.#uncover);
      covering.removeEventListener("change", this.#resize);
    };
  }

  show(open) {
    this.#open = open;
    this.#panel.close();
    if (!open) return;
    if (covering.matches) this.#panel.showModal();
    else this.#panel.setAttribute("open", ""); // show() would take the focus from the page
  }

  #resize = () => {
    if (!this.#open) return;
    const focused = this.#chat.shadowRoot.activeElement;
    this.#acts.quietly(() => this.show(true));
    focused?.focus();
  };

  // What the page's own focus is on must be seen (WCAG 2.2, 2.4.11).
  #uncover = ({ target }) => {
    const elsewhere = target instanceof Element && target !== this.#chat;
    const hides = (part) => elsewhere && isWithin(target, part);
    if (this.#open && hides(this.#panel)) this.#acts.close();
    this.#launcher.classList.toggle("aside", hides(this.#launcher));
  };
}

function isWithin(element, part) {
  const [inner, outer] = [element, part].map((each) => each.getBoundingClientRect());
  return (
    inner.left >= outer.left && inner.right <= outer.right &&
    inner.top >= outer.top && inner.bottom <= outer.bottom
  );
}
