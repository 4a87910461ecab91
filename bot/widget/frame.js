/**
 * The fixed parts of the chat: launcher, header and log. Owns their structure, names and
 * order. Must never act: every press calls one of `actions`.
 */
import { icon, iconPaths, make } from "./elements.js";

/**
 * Builds the frame around `form` and returns its parts by name; `root` holds the others.
 * `options` is `{language, words, name, heading, floating, hasLeave}`; `actions` has open,
 * close, startAgain and leave.
 */
export function buildFrame(options, form, actions) {
  const { language, words, name, floating } = options;
  const badge = make("span", { class: "badge", hidden: true });
  const launcher = button(
    "launcher", actions.open, icon(iconPaths.chat), make("span", {}, name), badge,
  );
  const title = make(`h${options.heading}`, { id: "title", tabindex: "-1" }, name);

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

  const help = make("div", {
    class: "help-bar", dir, role: "group", "aria-label": words.helpNow, hidden: true,
  });

  const header = buildHeader(options, actions, title);
  // A dialog, so that it can be modal where it covers the page.
  const panel = make(
    floating ? "dialog" : "div",
    { class: "panel", "aria-labelledby": floating ? "title" : null },
    header, log, typing, status, help, form,
  );
  const root = make(
    "section",
    { lang: language, "aria-label": name, hidden: true },
    floating ? launcher : null,
    panel,
  );
  return { root, launcher, badge, panel, title, log, typing, status, help };
}

function buildHeader({ words, floating, hasLeave }, actions, title) {
  const close = button("close", actions.close, icon(iconPaths.close));
  close.setAttribute("aria-label", words.close);
  const leaveHint = make("span", { id: "leave-hint", hidden: true }, words.leaveHint);
  const leave = button("small strong", actions.leave, words.leave);
  leave.setAttribute("aria-describedby", "leave-hint");
  leave.title = words.leaveHint;
  const buttons = make(
    "div",
    { class: "actions" },
    button("small", actions.startAgain, words.startAgain),
    hasLeave ? leave : null,
    leaveHint,
  );
  return make(
    "div",
    { class: "head", dir: words.direction },
    make("div", { class: "head-row" }, title, floating ? close : null),
    make("div", { class: "note" }, make("slot", { name: "note" }, make("p", {}, words.note))),
    buttons,
  );
}

function button(className, click, ...children) {
  return make("button", { type: "button", class: className, click }, ...children);
}
