/**
 * Where a floating chat is shown: beside the page, or over all of it on a small screen.
 * Owns that the chat is modal only then, and that it never hides the page's focused
 * element. Must never change the page around it.
 */

// When the open chat covers the whole page, as in chat.css.
const coversPage = matchMedia("(max-width: 30em), (max-height: 30em)");

export class Placement {
  #chat;
  #panel;
  #launcher;
  #actions;
  #open = false;

  /** `actions` has quietly(change), which makes a change unannounced, and close(). */
  constructor(chat, { panel, launcher }, actions) {
    this.#chat = chat;
    this.#panel = panel;
    this.#launcher = launcher;
    this.#actions = actions;
    panel.addEventListener("cancel", (event) => {
      event.preventDefault(); // Escape, or a phone's back gesture
      chat.close();
    });
  }

  /** Starts to watch the page. Returns a function that stops. */
  watch() {
    addEventListener("focusin", this.#onFocus);
    coversPage.addEventListener("change", this.#onResize);
    return () => {
      removeEventListener("focusin", this.#onFocus);
      coversPage.removeEventListener("change", this.#onResize);
    };
  }

  show(open) {
    this.#open = open;
    this.#panel.close();
    if (!open) return;
    if (coversPage.matches) this.#panel.showModal();
    else this.#panel.setAttribute("open", ""); // show() would take the focus from the page
  }

  #onResize = () => {
    if (!this.#open) return;
    const focused = this.#chat.shadowRoot.activeElement;
    this.#actions.quietly(() => this.show(true));
    focused?.focus();
  };

  // The page's focused element must stay visible (WCAG 2.2, 2.4.11).
  #onFocus = ({ target }) => {
    const isOutside = target instanceof Element && target !== this.#chat;
    const hides = (part) => isOutside && isWithin(target, part);
    if (this.#open && hides(this.#panel)) this.#actions.close();
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
