/**
 * Turns what the chat says into elements. Owns the look of each kind of reply in
 * structure. Must never trust a string as markup, nor an address whose scheme it
 * does not know.
 */
import { make } from "./elements.js";

let counter = 0;
const freshId = () => `reply-${(counter += 1)}`;

/**
 * The element for one reply. `context` is `{words, heading, tap}`: `heading` the
 * level (1 to 6) of a heading inside the conversation, `tap` is called with the
 * option whose button was pressed. A kind that is not known shows its text.
 */
export function showReply(reply, context) {
  const show = { choices: showChoices, help_lines: showHelpLines, listing: showListing }[reply.type];
  return (show ?? showText)(reply, context);
}

function showText(reply) {
  return make("div", { class: "bubble", dir: "auto" }, String(reply.text ?? ""));
}

function showChoices(reply, context) {
  const text = make("div", { class: "bubble", id: freshId(), dir: "auto" }, reply.text);
  return make("div", {}, text, showOptions(reply.options, context, { "aria-labelledby": text.id }));
}

function showOptions(options, { tap }, name) {
  if (!options?.length) return null;
  const buttons = options.map((option) =>
    make("button", { type: "button", class: "option", click: () => tap(option) }, option.label),
  );
  return make("div", { class: "options", role: "group", ...name }, ...buttons);
}

function showHelpLines(reply, { words, heading }) {
  const title = make(`h${heading}`, { class: "help-title", id: freshId() }, words.helpNow);
  const rows = reply.lines.map(({ name, contact, link }) => {
    const parts = [make("span", { class: "help-name" }, name), " ", make("b", {}, contact)];
    const row = safeLink(link, ["tel:", "sms:", "https:"])
      ? make("a", { class: "help-line", href: link }, ...parts)
      : make("span", { class: "help-line" }, ...parts);
    return make("li", {}, row);
  });
  return make(
    "div",
    { class: "help", role: "group", "aria-labelledby": title.id },
    title,
    make("p", { dir: "auto" }, reply.text),
    make("ul", { role: "list" }, ...rows),
  );
}

function showListing(card, context) {
  const { words, heading } = context;
  const name = make(`h${heading}`, { class: "name", id: freshId() }, card.name);
  const facts = Object.entries(words.rows)
    .filter(([field]) => card[field])
    .map(([field, label]) =>
      make("div", {}, make("dt", {}, label), make("dd", { dir: "auto" }, card[field])),
    );
  return make(
    "article",
    { class: "card", "aria-labelledby": name.id, "data-kind": card.kind },
    make("p", { class: "kind" }, words.kinds[card.kind] ?? card.kind),
    name,
    card.organisation && make("p", { class: "organisation" }, card.organisation),
    card.alert && make("p", { class: "notice-strong" }, card.alert),
    showReasons(card.reasons, words),
    card.description && make("p", { class: "description", dir: "auto" }, card.description),
    facts.length ? make("dl", {}, ...facts) : null,
    showContacts(card, words),
    showOptions(card.options, context, { "aria-labelledby": name.id }),
    card.notice && make("p", { class: "notice" }, card.notice),
  );
}

function showReasons(reasons, words) {
  if (!reasons?.length) return null;
  const items = reasons.map((reason) => make("li", {}, reason));
  return make(
    "div",
    { class: "why" },
    make("p", { class: "why-label" }, words.why),
    make("ul", { role: "list" }, ...items),
  );
}

function showContacts({ website, directions, phone, email }, words) {
  const links = [];
  const away = (href, text) => {
    const newTab = make("span", { class: "hidden" }, ` ${words.newTab}`);
    links.push(make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, newTab));
  };
  if (safeLink(website, ["http:", "https:"])) {
    away(website, `${words.website}: ${new URL(website).hostname.replace(/^www\./, "")}`);
  }
  if (safeLink(directions, ["https:"])) away(directions, words.directions);
  if (/\d/.test(phone ?? "")) {
    links.push(make("a", { href: `tel:${phone.replace(/[^\d+]/g, "")}` }, words.call(phone)));
  }
  if (/^[^\s@]+@[^\s@?&]+$/.test(email ?? "")) {
    links.push(make("a", { href: `mailto:${encodeURI(email)}` }, words.write(email)));
  }
  if (!links.length) return null;
  return make("ul", { class: "contacts", role: "list" }, ...links.map((a) => make("li", {}, a)));
}

function safeLink(address, schemes) {
  try {
    return schemes.includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
