/**
 * The one line a site adds to its pages. Owns nothing but putting one floating
 * chat on the page; a page that has written its own <community-connector> keeps
 * that one instead. Must stay a classic script: it needs `document.currentScript`.
 */
(() => {
  const script = document.currentScript;
  const chat = new URL("widget/chat.js", script.src).href;
  const settings = { ...script.dataset };

  import(chat).catch(() => console.warn("Community Connector could not be loaded from", chat));

  const place = () => {
    if (document.querySelector("community-connector:not([data-placed])")) return;
    const element = document.createElement("community-connector");
    Object.assign(element.dataset, settings, { placed: "" });
    document.body.append(element);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else place();
})();
