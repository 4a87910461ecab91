/**
 * Applies a site's own accent colour. Owns contrast: whatever the colour, text on it and in
 * it keeps a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3).
 */
const MIN_CONTRAST = 4.5;
const BACKGROUNDS = { light: [240, 246, 242], dark: [43, 62, 57] }; // the hardest backgrounds in chat.css

/** Sets the theme properties for a CSS colour. An invalid colour changes nothing. */
export function applyAccent(element, colour) {
  if (!CSS.supports("color", colour)) return;
  const probe = document.createElement("i");
  probe.style.color = colour;
  document.documentElement.append(probe);
  const parts = getComputedStyle(probe).color.match(/^rgb\((\d+), (\d+), (\d+)\)$/);
  probe.remove();
  if (!parts) return;
  const fill = parts.slice(1).map(Number);
  const white = [255, 255, 255];
  const onFill = contrast(fill, white) >= MIN_CONTRAST ? white : [0, 0, 0];
  const properties = {
    "--cc-accent": fill,
    "--cc-on-accent": onFill,
    "--cc-link": makeReadable(fill, BACKGROUNDS.light, [0, 0, 0]),
    "--cc-link-dark": makeReadable(fill, BACKGROUNDS.dark, white),
  };
  for (const [name, value] of Object.entries(properties)) {
    element.style.setProperty(name, `rgb(${value.join(" ")})`);
  }
}

function makeReadable(colour, background, towards) {
  for (let step = 0; step <= 10; step += 1) {
    const shade = colour.map((part, i) => Math.round(part + ((towards[i] - part) * step) / 10));
    if (contrast(shade, background) >= MIN_CONTRAST) return shade;
  }
  return towards;
}

function contrast(first, second) {
  const [dark, light] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const [r, g, b] = colour
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
