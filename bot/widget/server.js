/** The chat's API over HTTP. Owns no state; must send nothing but what it is given. */

const PATIENCE_MS = 30_000;

/** Why a message was not answered. `sentence` is the server's own, if it gave one. */
export class Refusal extends Error {
  constructor(sentence, { offline = false, again = true } = {}) {
    super("not answered");
    Object.assign(this, { sentence, offline, again });
  }
}

const QUIET = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" };

/** Sends one message. Returns `{conversation, replies}` or throws a Refusal. */
export async function sendMessage(server, conversation, message) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  let response;
  let body;
  try {
    response = await fetch(new URL("api/chat", server), {
      ...QUIET,
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ conversation, message }),
      signal: patience.signal,
    });
    body = await response.json().catch(() => null);
  } catch {
    throw new Refusal("", { offline: true });
  } finally {
    clearTimeout(timer);
  }
  if (response.ok && Array.isArray(body?.replies)) return body;
  const sentence = typeof body?.error === "string" ? body.error : "";
  // The same words would be refused again, unless it was only a matter of time.
  const again = response.ok || response.status >= 500 || [408, 429].includes(response.status);
  throw new Refusal(sentence, { again });
}

/** Asks the server to forget a conversation; goes through even while the page is left. */
export async function forgetConversation(server, conversation) {
  if (!conversation) return;
  const address = new URL(`api/chat/${encodeURIComponent(conversation)}/forget`, server);
  try {
    // Without a body or a header of its own, so that no preflight goes first: a page that
    // is being left would not live to see its answer.
    await fetch(address, { ...QUIET, method: "POST", keepalive: true });
  } catch {
    // Out of reach: the server forgets by itself when the conversation expires.
  }
}
