// A page with one-letter shortcuts, as webmail has.
window.pageKeys = [];
document.addEventListener("keydown", (event) => window.pageKeys.push(event.key));
