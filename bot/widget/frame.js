/**
 * The parts of the chat that are always there: launcher, head and log. Owns their
 * structure, names and order. Must never act: every press goes to `acts`.
 */
import { icon, lines, make } from "./elements.js";

/**
 * Builds the frame around `form` and returns its parts by name; `all` holds the others.
 * `look` is `{language, words, name, heading, floating, ownLeave}`; `acts` has open,
 * close, startAgain and leave.
 */
export function buildFrame(look, form, acts) {
  const { language, words, name, floating } = look;
  const badge = make("span", { class: "badge", hidden: true });
  const launcher = button("launcher", acts.open, icon(lines.chat), make("span", {}, name), badge);
  const title = make(`h${look.heading}`, { id: "title", tabindex: "-1" }, name);

  const log = make("div", {
    class: "log",
    dir: words.direction,
    role: "log",
    "aria-live": "polite",
    "aria-label": words.conversation,
    tabindex: "0",
  });
  const dots = [1, 2, 3].map(() => make("i"));
  const dir = words.direction;
  const typing = make("div", { class: "typing", dir, "aria-hidden": "true", hidden: true }, ...dots);
  const status = make("div", { role: "status", class: "status", dir });

  const head = buildHead(look, acts, title);
  // A dialog, so that it can be modal where it covers the page.
  const panel = make(
    floating ? "dialog" : "div",
    { class: "panel", "aria-labelledby": floating ? "title" : null },
    head, log, typing, status, form,
  );
  const all = make(
    "section",
    { lang: language, "aria-label": name, hidden: true },
    floating ? launcher : null,
    panel,
  );
  return { all, launcher, badge, panel, title, log, typing, status };
}

function buildHead({ words, floating, ownLeave }, acts, title) {
  const close = button("close", acts.close, icon(lines.close));
  close.setAttribute("aria-label", words.close);
  const leaveHint = make("span", { id: "leave-hint", hidden: true }, words.leaveHint);
  const leaveNow = button("small strong", acts.leave, words.leave);
  leaveNow.setAttribute("aria-describedby", "leave-hint");
  leaveNow.title = words.leaveHint;
  const actions = make(
    "div",
    { class: "actions" },
    button("small", acts.startAgain, words.startAgain),
    ownLeave ? leaveNow : null,
    leaveHint,
  );
  return make(
    "div",
    { class: "head", dir: words.direction },
    make("div", { class: "head-row" }, title, floating ? close : null),
    make("div", { class: "note" }, make("slot", { name: "note" }, make("p", {}, words.note))),
    actions,
  );
}

function button(look, act, ...inside) {
  return make("button", { type: "button", class: look, click: act }, ...inside);
}
