/**
 * The one line a site adds to its pages. Owns nothing but putting one floating
 * chat on the page; a page that has written its own <community-connector> keeps
 * that one instead, unless data-float asks for both. Must stay a classic script:
 * it needs `document.currentScript`.
 */
(() => {
  const PARTS = [
    "chat", "composer", "conversation", "elements", "frame", "leave", "place", "replies", "server",
    "session", "words",
  ];
  const script = document.currentScript;
  const chat = new URL("widget/chat.js", script.src).href;
  const settings = { ...script.dataset };

  // All at once, where each would wait for the one before that imports it.
  const hint = (name, attributes) => {
    const link = document.createElement("link");
    Object.assign(link, { href: new URL(`widget/${name}`, script.src).href, ...attributes });
    document.head.append(link);
  };
  for (const name of PARTS) hint(`${name}.js`, { rel: "modulepreload" });
  hint("chat.css", { rel: "preload", as: "fetch", crossOrigin: "anonymous" });
  import(chat).catch(() => console.warn("Community Connector could not be loaded from", chat));

  const place = () => {
    const own = document.querySelectorAll("community-connector:not([data-placed])");
    if (own.length && !("float" in settings)) return;
    const element = document.createElement("community-connector");
    Object.assign(element.dataset, settings, { placed: "" });
    document.body.append(element);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else place();
})();
