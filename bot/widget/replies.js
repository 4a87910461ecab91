/**
 * Turns what the chat says into elements. Owns the look of each kind of reply in
 * structure. Must never trust a string as markup, nor an address whose scheme it
 * does not know.
 */
import { make } from "./elements.js";

let counter = 0;
const freshId = () => `reply-${(counter += 1)}`;

/**
 * The element for one reply. `context` is `{words, heading, server, tap, tell}`:
 * `heading` the level (1 to 6) of a heading inside the conversation, `server` the address
 * of ours, `tap` is called with the option whose button was pressed, `tell` with a sentence
 * for everybody to notice. A kind that is not known shows its text.
 */
export function showReply(reply, context) {
  const show = { choices: showChoices, help_lines: showHelpLines, listing: showListing }[reply.type];
  return (show ?? showText)(reply, context);
}

function showText(reply) {
  return make("div", { class: "bubble", dir: "auto" }, String(reply.text ?? ""));
}

function showChoices(reply, context) {
  if (reply.answers) return showQuestion(reply, context);
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

/** A question of which one answer is picked: radio buttons, and what leads elsewhere. */
function showQuestion({ text, options, answers }, context) {
  const { words, tap } = context;
  const name = freshId();
  const error = make("p", { class: "error", id: freshId(), role: "alert" });
  const radios = options.slice(0, answers).map((option, i) =>
    make("input", { type: "radio", name, value: i, "aria-describedby": error.id }),
  );
  const labels = radios.map((radio, i) =>
    make("label", { class: "answer" }, radio, make("span", {}, options[i].label)),
  );
  const submit = (event) => {
    event.preventDefault();
    const picked = radios.findIndex((radio) => radio.checked);
    error.textContent = picked < 0 ? words.pick : "";
    if (picked < 0) radios[0].focus();
    else tap(options[picked]);
  };
  const next = make("button", { type: "submit", class: "option next" }, words.next);
  const others = showOptions(options.slice(answers), context, { role: null });
  others?.prepend(next);
  return make(
    "form",
    { class: "question", submit },
    make("fieldset", {}, make("legend", { dir: "auto" }, text), ...labels),
    error,
    others ?? next,
  );
}

/** The turns of these entries, with a map after the last card of each answer with several. */
export function withMaps(entries, turns, context) {
  const placed = [];
  let cards = [];
  entries.forEach(({ reply }, i) => {
    placed.push(turns[i]);
    if (reply?.point) cards.push({ ...reply, turn: turns[i] });
    const rest = entries.slice(i + 1);
    const end = rest.findIndex((entry) => !entry.reply);
    if ((end < 0 ? rest : rest.slice(0, end)).some((entry) => entry.reply.point)) return;
    if (cards.length > 1) placed.push(make("div", { class: "turn" }, showMap(cards, context)));
    cards = [];
  });
  return placed;
}

/** A map of several cards, drawn only when it is asked for. */
function showMap(cards, { words }) {
  const open = async () => {
    const drawn = await import("./map.js").then(
      ({ drawMap }) => drawMap(cards, words),
      () => make("p", {}, words.noMap),
    );
    details.append(drawn);
    details.scrollIntoView({ block: "nearest" });
  };
  const title = words.map(cards.length);
  const details = make("details", { class: "map", "aria-label": title }, make("summary", {}, title));
  details.addEventListener("toggle", open, { once: true });
  return details;
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
  const name = make(`h${heading}`, { class: "name", id: freshId(), tabindex: "-1" }, card.name);
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
    showContacts(card, context),
    showOptions(card.options, context, { "aria-labelledby": name.id }),
    showAsides(card, context, name.id),
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

/** What matters less: taking the listing along, passing it on, and saying that it is wrong. */
function showAsides({ listing_id: id, name, calendar, asides }, { words, server, tap, tell }, label) {
  const page = id ? new URL(`listings/${id}`, server).href : "";
  const share = async () => {
    try {
      if (navigator.share) await navigator.share({ title: name, url: page });
      else await navigator.clipboard.writeText(page).then(() => tell(words.shared));
    } catch (refusal) {
      if (refusal.name !== "AbortError") tell(words.toShare(page));
    }
  };
  const plain = (text, click) => make("button", { type: "button", class: "plain", click }, text);
  const things = [
    page && calendar && make("a", { class: "plain", href: `${page}.ics` }, words.calendar),
    page && plain(words.share, share),
    ...(asides ?? []).map((option) => plain(option.label, () => tap(option))),
  ].filter(Boolean);
  if (!things.length) return null;
  return make("div", { class: "asides", role: "group", "aria-labelledby": label }, ...things);
}

function showContacts({ website, directions, phone, email }, { words }) {
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
