/** The live examples on the page at /widget. */
const HOST = "https://HOST";
const events = document.getElementById("events");

for (const code of document.querySelectorAll("code")) {
  if (code.textContent.includes(HOST)) code.textContent = code.textContent.replace(HOST, location.origin);
}

// widget.js adds the floating chat, before or after this module runs.
const floating = () => document.querySelector("community-connector[data-placed]");
const actions = {
  open: (chat) => chat.open(),
  send: (chat) => chat.send("somewhere to do a bit of gardening"),
  close: (chat) => chat.close(),
};
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => floating() && actions[button.dataset.do](floating()));
}
for (const type of ["open", "close", "message"]) {
  // These events do not bubble, but the capture phase reaches them.
  addEventListener(type, (event) => event.target === floating() && showEvent(event), true);
}

function showEvent({ type, detail }) {
  const text = detail?.from ? `${type} from ${detail.from}` : type;
  events.textContent = events.textContent === "none" ? text : `${events.textContent}, ${text}`;
}
