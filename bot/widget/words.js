/**
 * All text of the widget itself, by language. The chat's replies come from the server and
 * are never written here.
 */
const en = {
  direction: "ltr",
  title: "Community Connector",
  note: "This chat is run by a computer. Nobody reads it.",
  unread: (count) => (count === 1 ? "1 new message" : `${count} new messages`),
  conversation: "Conversation",
  youSaid: "You said:",
  label: "Your message",
  hint: "Press Enter to send. Press Shift and Enter for a new line.",
  send: "Send",
  close: "Close chat",
  startAgain: "Start again",
  leave: "Leave now",
  leaveHint: "Or press the Shift key three times.",
  waiting: "Looking for an answer",
  stillWaiting: "Still looking. This is taking longer than usual.",
  tryAgain: "Try again",
  offline: "This was not sent. Check your internet, then try again.",
  noGreeting: "The chat could not start. Check your internet, then try again.",
  noAnswer: "There was no answer.",
  serverFault: "Something went wrong here. Please try again in a minute.",
  tooLong: (length, limit) =>
    `Your message has ${length.toLocaleString("en-GB")} characters. ` +
    `The most you can send at once is ${limit.toLocaleString("en-GB")}. Please make it shorter.`,
  remaining: (count) => (count === 1 ? "1 character left" : `${count} characters left`),
  tooMany: (count) => (count === 1 ? "1 character too many" : `${count} characters too many`),
  kinds: {
    group: "Group",
    service: "Service",
    volunteering: "Volunteering",
    have_a_say: "Have your say",
  },
  why: "Why it fits",
  helpNow: "Help now",
  rows: {
    when: "When", where: "Where", cost: "Cost", who: "For", wanted: "Wanted", access: "Access",
  },
  directions: "How to get there",
  website: "Website",
  newTab: "(opens in a new tab)",
  calendar: "Add to calendar",
  share: "Share",
  shared: "The link is copied. You can paste it into a message.",
  toShare: (link) => `Here is the link to share: ${link}`,
  next: "Next",
  pick: "Pick an answer first.",
  map: (count) => `Show these ${count} on a map`,
  mapped: (count) => `Map of ${count} places. North is up. The list below has the same places.`,
  miles: (miles) => (miles === 1 ? "1 mile" : `${miles} miles`),
  fromFirst: (miles, bearing) => `${miles} miles ${bearing} of number 1`,
  nearFirst: "close to number 1",
  north: "N",
  bearings: [
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
  ],
  noMap: "The map could not be loaded. All places are listed above.",
  call: (number) => `Call ${number}`,
  write: (address) => `Email ${address}`,
};

const languages = { en };

/** The words for a language tag such as "en-GB", and the language they are in. */
export function findWords(tag) {
  const language = (tag || "en").toLowerCase().split("-")[0];
  const supported = language in languages ? language : "en";
  return { language: supported, words: languages[supported] };
}
