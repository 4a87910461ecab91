/**
 * A small map of listings: where they are relative to each other, drawn from their
 * coordinates only. Owns the drawing and the list with the same places. Must never load
 * map tiles: that would tell another server who is looking where.
 */
import { make, svg } from "./elements.js";

const WIDTH = 320;
const HEIGHT = 220;
const MARGIN = 34;
const PIN_RADIUS = 13;
const MIN_MILES_PER_PX = 0.001; // so that close neighbours do not look far apart
const MILES_PER_DEGREE = 69.055;
const NEAR_MILES = 0.05;
const SCALES = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100];
const MAX_SCALE_PX = 120;

/** The map and its list. `cards` have `name`, `where`, `point` and `turn`, their element. */
export function drawMap(cards, words) {
  const { pixels, milesPerPx } = project(cards.map(({ point }) => point));
  const pins = mergePins(pixels).flatMap(({ x, y, numbers }) => {
    const label = numbers.join(" ");
    const width = PIN_RADIUS * 2 + (label.length - 1) * 8;
    const box = { x: x - width / 2, y: y - PIN_RADIUS, width, height: PIN_RADIUS * 2 };
    return [
      svg("rect", { ...box, rx: PIN_RADIUS, class: "pin" }),
      svg("text", { x, y: y + 5, class: "pin-label" }, label),
    ];
  });
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words.mapped(cards.length) },
    ...drawGrid(milesPerPx),
    ...pins,
    svg("path", { d: "M300 30v-16m-5 5l5-6 5 6", class: "map-line" }),
    svg("text", { x: 300, y: 46, class: "map-label middle" }, words.north),
    ...drawScale(milesPerPx, words),
  );
  const rows = cards.map((card, i) => make("li", {}, ...listPlace(card, i, cards[0], words)));
  return make("div", {}, picture, make("ol", {}, ...rows));
}

function listPlace({ name, where, point, turn }, i, first, words) {
  const showCard = () => {
    turn.scrollIntoView({ block: "nearest" });
    turn.querySelector(".name").focus();
  };
  const distance = i ? describeDistance(first.point, point, words) : "";
  const place = [where, distance].filter(Boolean).join(" \u2013 ");
  return [
    make("button", { type: "button", class: "plain", click: showCard }, name),
    make("span", { dir: "auto" }, place),
  ];
}

/** Pixels for points of [latitude, longitude], and how many miles a pixel is. */
function project(points) {
  const middle = (i) => {
    const values = points.map((point) => point[i]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  };
  const centre = [middle(0), middle(1)];
  const offsets = points.map((point) => measureOffset(centre, point));
  const furthest = (i) => Math.max(...offsets.map((offset) => Math.abs(offset[i])));
  const milesPerPx = Math.max(
    MIN_MILES_PER_PX, furthest(0) / (WIDTH / 2 - MARGIN), furthest(1) / (HEIGHT / 2 - MARGIN),
  );
  const pixels = offsets.map(([east, north]) => ({
    x: Math.round(WIDTH / 2 + east / milesPerPx),
    y: Math.round(HEIGHT / 2 - north / milesPerPx),
  }));
  return { pixels, milesPerPx };
}

/** Miles east and north from one point to another. */
function measureOffset([latitude, longitude], [toLatitude, toLongitude]) {
  const narrowing = Math.cos((latitude * Math.PI) / 180);
  return [
    (toLongitude - longitude) * MILES_PER_DEGREE * narrowing,
    (toLatitude - latitude) * MILES_PER_DEGREE,
  ];
}

function describeDistance(from, to, words) {
  const [east, north] = measureOffset(from, to);
  const miles = Math.hypot(east, north);
  if (miles < NEAR_MILES) return words.nearFirst;
  const eighth = Math.round((Math.atan2(east, north) / Math.PI) * 4 + 8) % 8;
  return words.fromFirst(miles.toFixed(1), words.bearings[eighth]);
}

/** Merges pins that would overlap into one with all their numbers. */
function mergePins(pixels) {
  const pins = [];
  pixels.forEach(({ x, y }, i) => {
    const near = pins.find((pin) => Math.hypot(pin.x - x, pin.y - y) < PIN_RADIUS * 2);
    if (near) near.numbers.push(i + 1);
    else pins.push({ x, y, numbers: [i + 1] });
  });
  return pins;
}

function chooseScale(milesPerPx) {
  return SCALES.findLast((miles) => miles / milesPerPx <= MAX_SCALE_PX) ?? SCALES[0];
}

function drawGrid(milesPerPx) {
  const step = chooseScale(milesPerPx) / milesPerPx;
  const lines = [];
  for (let x = WIDTH / 2 % step; x < WIDTH; x += step) lines.push(`M${x.toFixed(1)} 0v${HEIGHT}`);
  for (let y = HEIGHT / 2 % step; y < HEIGHT; y += step) lines.push(`M0 ${y.toFixed(1)}h${WIDTH}`);
  return [svg("path", { d: lines.join(""), class: "map-grid" })];
}

function drawScale(milesPerPx, words) {
  const miles = chooseScale(milesPerPx);
  const length = Math.round(miles / milesPerPx);
  return [
    svg("path", { d: `M12 ${HEIGHT - 16}v6h${length}v-6`, class: "map-line" }),
    svg("text", { x: 12, y: HEIGHT - 22, class: "map-label" }, words.miles(miles)),
  ];
}
