/**
 * The script that a site adds to its pages. It adds one floating chat, unless the page has
 * its own <community-connector>; data-float adds the floating chat to such a page too.
 * Must stay a classic script, because it needs `document.currentScript`.
 */
(() => {
  const MODULES = [
    "chat", "composer", "conversation", "elements", "frame", "leave", "place", "replies", "server",
    "session", "words",
  ];
  const script = document.currentScript;
  const chat = new URL("widget/chat.js", script.src).href;
  const settings = { ...script.dataset };

  // Loads all modules in parallel; otherwise each waits for the module that imports it.
  const preload = (name, attributes) => {
    const link = document.createElement("link");
    Object.assign(link, { href: new URL(`widget/${name}`, script.src).href, ...attributes });
    document.head.append(link);
  };
  for (const name of MODULES) preload(`${name}.js`, { rel: "modulepreload" });
  preload("chat.css", { rel: "preload", as: "fetch", crossOrigin: "anonymous" });
  import(chat).catch(() => console.warn("Community Connector could not be loaded from", chat));

  const addChat = () => {
    const own = document.querySelectorAll("community-connector:not([data-placed])");
    if (own.length && !("float" in settings)) return;
    const element = document.createElement("community-connector");
    Object.assign(element.dataset, settings, { placed: "" });
    document.body.append(element);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", addChat);
  else addChat();
})();
