/**
 * A small map of listings: where they are to each other, drawn from their coordinates
 * alone. Owns the drawing and the list that says the same in words. Must never ask
 * anybody for a picture of the place: that would tell them who is looking where.
 */
import { make, svg } from "./elements.js";

const WIDTH = 320;
const HEIGHT = 220;
const MARGIN = 34;
const PIN = 13;
const LEAST_MILES_A_PX = 0.001; // close neighbours are not blown up to a town's size
const MILES_A_DEGREE = 69.055;
const CLOSE_MILES = 0.05;
const SCALES = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100];
const LONGEST_SCALE_PX = 120;

/** The map and its list. `cards` have `name`, `where`, `point` and `turn`, their element. */
export function drawMap(cards, words) {
  const spots = project(cards.map(({ point }) => point));
  const { perPx } = spots;
  const pins = gather(spots.at).flatMap(({ x, y, numbers }) => {
    const label = numbers.join(" ");
    const width = PIN * 2 + (label.length - 1) * 8;
    return [
      svg("rect", { x: x - width / 2, y: y - PIN, width, height: PIN * 2, rx: PIN, class: "pin" }),
      svg("text", { x, y: y + 5, class: "pin-label" }, label),
    ];
  });
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words.mapped(cards.length) },
    ...drawGrid(perPx),
    ...pins,
    svg("path", { d: "M300 30v-16m-5 5l5-6 5 6", class: "map-line" }),
    svg("text", { x: 300, y: 46, class: "map-label middle" }, words.north),
    ...drawScale(perPx, words),
  );
  const rows = cards.map((card, i) => make("li", {}, ...describe(card, i, cards[0], words)));
  return make("div", {}, picture, make("ol", {}, ...rows));
}

function describe({ name, where, point, turn }, i, first, words) {
  const go = () => {
    turn.scrollIntoView({ block: "nearest" });
    turn.querySelector(".name").focus();
  };
  const away = i ? [relate(first.point, point, words)] : [];
  const place = [where, ...away].filter(Boolean).join(" \u2013 ");
  return [
    make("button", { type: "button", class: "plain", click: go }, name),
    make("span", { dir: "auto" }, place),
  ];
}

/** Pixels for points of [latitude, longitude], and how many miles a pixel is. */
function project(points) {
  const middle = (i) => {
    const all = points.map((point) => point[i]);
    return (Math.min(...all) + Math.max(...all)) / 2;
  };
  const [latitude, longitude] = [middle(0), middle(1)];
  const miles = points.map((point) => apart([latitude, longitude], point));
  const most = (i) => Math.max(...miles.map((offset) => Math.abs(offset[i])));
  const perPx = Math.max(
    LEAST_MILES_A_PX, most(0) / (WIDTH / 2 - MARGIN), most(1) / (HEIGHT / 2 - MARGIN),
  );
  const at = miles.map(([east, north]) => ({
    x: Math.round(WIDTH / 2 + east / perPx),
    y: Math.round(HEIGHT / 2 - north / perPx),
  }));
  return { at, perPx };
}

/** Miles east and north from one point to another. */
function apart([latitude, longitude], [toLatitude, toLongitude]) {
  const narrowing = Math.cos((latitude * Math.PI) / 180);
  return [
    (toLongitude - longitude) * MILES_A_DEGREE * narrowing,
    (toLatitude - latitude) * MILES_A_DEGREE,
  ];
}

function relate(from, to, words) {
  const [east, north] = apart(from, to);
  const miles = Math.hypot(east, north);
  if (miles < CLOSE_MILES) return words.close1;
  const eighth = Math.round((Math.atan2(east, north) / Math.PI) * 4 + 8) % 8;
  return words.from(miles.toFixed(1), words.bearings[eighth]);
}

/** Pins that would lie over each other become one with all their numbers. */
function gather(at) {
  const pins = [];
  at.forEach(({ x, y }, i) => {
    const near = pins.find((pin) => Math.hypot(pin.x - x, pin.y - y) < PIN * 2);
    if (near) near.numbers.push(i + 1);
    else pins.push({ x, y, numbers: [i + 1] });
  });
  return pins;
}

function scaleOf(perPx) {
  return SCALES.findLast((miles) => miles / perPx <= LONGEST_SCALE_PX) ?? SCALES[0];
}

function drawGrid(perPx) {
  const step = scaleOf(perPx) / perPx;
  const lines = [];
  for (let x = WIDTH / 2 % step; x < WIDTH; x += step) lines.push(`M${x.toFixed(1)} 0v${HEIGHT}`);
  for (let y = HEIGHT / 2 % step; y < HEIGHT; y += step) lines.push(`M0 ${y.toFixed(1)}h${WIDTH}`);
  return [svg("path", { d: lines.join(""), class: "map-grid" })];
}

function drawScale(perPx, words) {
  const miles = scaleOf(perPx);
  const long = Math.round(miles / perPx);
  return [
    svg("path", { d: `M12 ${HEIGHT - 16}v6h${long}v-6`, class: "map-line" }),
    svg("text", { x: 12, y: HEIGHT - 22, class: "map-label" }, words.miles(miles)),
  ];
}
