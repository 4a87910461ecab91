/** The live examples on the page at /widget. */
const HOST = "https://HOST";
const events = document.getElementById("events");

for (const code of document.querySelectorAll("code")) {
  if (code.textContent.includes(HOST)) code.textContent = code.textContent.replace(HOST, location.origin);
}

// The floating chat is put on the page by widget.js, before or after this runs.
const floating = () => document.querySelector("community-connector[data-placed]");
const acts = {
  open: (chat) => chat.open(),
  send: (chat) => chat.send("somewhere to do a bit of gardening"),
  close: (chat) => chat.close(),
};
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => floating() && acts[button.dataset.do](floating()));
}
for (const type of ["open", "close", "message"]) {
  // They do not bubble, but they can be caught on their way down.
  addEventListener(type, (event) => event.target === floating() && tell(event), true);
}

function tell({ type, detail }) {
  const told = detail?.from ? `${type} from ${detail.from}` : type;
  events.textContent = events.textContent === "none" ? told : `${events.textContent}, ${told}`;
}
