/**
 * Renders the chat's replies as elements. Owns the structure of each type of reply. Must
 * never use a string as markup, or link to a URL with an unknown scheme.
 */
import { make } from "./elements.js";

let counter = 0;
const makeId = () => `reply-${(counter += 1)}`;

/**
 * The element for one reply. `context` is `{words, heading, server, tap, announce}`:
 * `heading` is the level (1 to 6) of headings in the conversation and `server` the URL of
 * our server. `tap` is called with the option whose button was pressed, and `announce` with
 * a sentence to show and read out. A reply of unknown type is shown as its text.
 */
export function renderReply(reply, context) {
  const render = { choices: renderChoices, help_lines: renderHelpLines, listing: renderListing };
  return (render[reply.type] ?? renderText)(reply, context);
}

function renderText(reply) {
  return make("div", { class: "bubble", dir: "auto" }, String(reply.text ?? ""));
}

function renderChoices(reply, context) {
  if (reply.answers) return renderQuestion(reply, context);
  const text = make("div", { class: "bubble", id: makeId(), dir: "auto" }, reply.text);
  return make("div", {}, text, renderOptions(reply.options, context, { "aria-labelledby": text.id }));
}

function renderOptions(options, { tap }, name) {
  if (!options?.length) return null;
  const buttons = options.map((option) =>
    make("button", { type: "button", class: "option", click: () => tap(option) }, option.label),
  );
  return make("div", { class: "options", role: "group", ...name }, ...buttons);
}

/** A question with one answer: radio buttons, and buttons for everything else. */
function renderQuestion({ text, options, answers }, context) {
  const { words, tap } = context;
  const name = makeId();
  const error = make("p", { class: "error", id: makeId(), role: "alert" });
  const radios = options.slice(0, answers).map((option, i) =>
    make("input", { type: "radio", name, value: i, "aria-describedby": error.id }),
  );
  const labels = radios.map((radio, i) =>
    make("label", { class: "answer" }, radio, make("span", {}, options[i].label)),
  );
  const submit = (event) => {
    event.preventDefault();
    const checked = radios.findIndex((radio) => radio.checked);
    error.textContent = checked < 0 ? words.pick : "";
    if (checked < 0) radios[0].focus();
    else tap(options[checked]);
  };
  const next = make("button", { type: "submit", class: "option next" }, words.next);
  const otherButtons = renderOptions(options.slice(answers), context, { role: null });
  otherButtons?.prepend(next);
  return make(
    "form",
    { class: "question", submit },
    make("fieldset", {}, make("legend", { dir: "auto" }, text), ...labels),
    error,
    otherButtons ?? next,
  );
}

/** The turns of these entries, with a map after each answer that has several cards. */
export function addMaps(entries, turns, context) {
  const elements = [];
  let cards = [];
  entries.forEach(({ reply }, i) => {
    elements.push(turns[i]);
    if (reply?.point) cards.push({ ...reply, turn: turns[i] });
    const rest = entries.slice(i + 1);
    const end = rest.findIndex((entry) => !entry.reply);
    if ((end < 0 ? rest : rest.slice(0, end)).some((entry) => entry.reply.point)) return;
    if (cards.length > 1) elements.push(make("div", { class: "turn" }, renderMap(cards, context)));
    cards = [];
  });
  return elements;
}

/** A map of several cards, drawn when it is first opened. */
function renderMap(cards, { words }) {
  const draw = async () => {
    const map = await import("./map.js").then(
      ({ drawMap }) => drawMap(cards, words),
      () => make("p", {}, words.noMap),
    );
    details.append(map);
    details.scrollIntoView({ block: "nearest" });
  };
  const title = words.map(cards.length);
  const details = make("details", { class: "map", "aria-label": title }, make("summary", {}, title));
  details.addEventListener("toggle", draw, { once: true });
  return details;
}

function renderHelpLines(reply, { words, heading }) {
  const title = make(`h${heading}`, { class: "help-title", id: makeId() }, words.helpNow);
  const rows = reply.lines.map(({ name, contact, link }) => {
    const parts = [make("span", { class: "help-name" }, name), " ", make("b", {}, contact)];
    const row = isSafeLink(link, ["tel:", "sms:", "https:"])
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

/** One short line with the first numbers of a reply of helplines, to keep in sight. */
export function renderHelpBar({ lines }, { helpNow }) {
  const links = lines
    .filter(({ link }) => isSafeLink(link, ["tel:", "sms:", "https:"]))
    .slice(0, 3)
    .map(({ name, contact, link }) => make("a", { href: link, "aria-label": `${name}: ${contact}` }, contact));
  return [make("span", {}, helpNow), ...links];
}

function renderListing(card, context) {
  const { words, heading } = context;
  const name = make(`h${heading}`, { class: "name", id: makeId(), tabindex: "-1" }, card.name);
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
    renderReasons(card.reasons, words),
    card.description && make("p", { class: "description", dir: "auto" }, card.description),
    facts.length ? make("dl", {}, ...facts) : null,
    renderContacts(card, context),
    renderOptions(card.options, context, { "aria-labelledby": name.id }),
    renderAsides(card, context, name.id),
    card.notice && make("p", { class: "notice" }, card.notice),
  );
}

function renderReasons(reasons, words) {
  if (!reasons?.length) return null;
  const items = reasons.map((reason) => make("li", {}, reason));
  return make(
    "div",
    { class: "why" },
    make("p", { class: "why-label" }, words.why),
    make("ul", { role: "list" }, ...items),
  );
}

/** Secondary actions: add to calendar, share, and report a mistake. */
function renderAsides({ listing_id: id, name, calendar, asides }, context, titleId) {
  const { words, server, tap, announce } = context;
  const page = id ? new URL(`listings/${id}`, server).href : "";
  const share = async () => {
    try {
      if (navigator.share) await navigator.share({ title: name, url: page });
      else await navigator.clipboard.writeText(page).then(() => announce(words.shared));
    } catch (error) {
      if (error.name !== "AbortError") announce(words.toShare(page));
    }
  };
  const linkButton = (text, click) => make("button", { type: "button", class: "plain", click }, text);
  const actions = [
    page && calendar && make("a", { class: "plain", href: `${page}.ics` }, words.calendar),
    page && linkButton(words.share, share),
    ...(asides ?? []).map((option) => linkButton(option.label, () => tap(option))),
  ].filter(Boolean);
  if (!actions.length) return null;
  return make("div", { class: "asides", role: "group", "aria-labelledby": titleId }, ...actions);
}

function renderContacts({ website, directions, phone, email }, { words }) {
  const links = [];
  const addExternal = (href, text) => {
    const newTab = make("span", { class: "hidden" }, ` ${words.newTab}`);
    links.push(make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, newTab));
  };
  if (isSafeLink(website, ["http:", "https:"])) {
    addExternal(website, `${words.website}: ${new URL(website).hostname.replace(/^www\./, "")}`);
  }
  if (isSafeLink(directions, ["https:"])) addExternal(directions, words.directions);
  if (/\d/.test(phone ?? "")) {
    links.push(make("a", { href: `tel:${phone.replace(/[^\d+]/g, "")}` }, words.call(phone)));
  }
  if (/^[^\s@]+@[^\s@?&]+$/.test(email ?? "")) {
    links.push(make("a", { href: `mailto:${encodeURI(email)}` }, words.write(email)));
  }
  if (!links.length) return null;
  return make("ul", { class: "contacts", role: "list" }, ...links.map((a) => make("li", {}, a)));
}

function isSafeLink(address, schemes) {
  try {
    return schemes.includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
