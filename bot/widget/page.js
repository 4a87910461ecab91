/** The page at "/": the chat, and the page's own link to leave quickly. */
import "./chat.js";
import { leave } from "./leave.js";

document.getElementById("leave").addEventListener("click", (event) => {
  event.preventDefault();
  leave(event.currentTarget.href);
});
