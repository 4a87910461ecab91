/** The client of the chat's HTTP API. Keeps no state and sends only what it is given. */

const TIMEOUT_MS = 30_000;

/** A message was not answered. `sentence` is the server's own explanation, if there is one. */
export class SendError extends Error {
  constructor(sentence, { isOffline = false, canRetry = true } = {}) {
    super("not answered");
    Object.assign(this, { sentence, isOffline, canRetry });
  }
}

const FETCH_OPTIONS = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" };

/**
 * Sends the body of one message. Returns `{conversation, replies}` or throws a SendError. If the answer
 * takes long, `onEarly` is called first, with replies to show until then in the same form.
 */
export async function sendMessage(server, body, onEarly) {
  const abort = new AbortController();
  let timer;
  // The server sends something every 15 seconds while it works on an answer.
  const keepWaiting = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  };
  keepWaiting();
  let response;
  let answer = null;
  try {
    response = await fetch(new URL("api/chat/stream", server), {
      ...FETCH_OPTIONS,
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    if (response.ok) {
      for await (const [name, content] of readEvents(response, keepWaiting)) {
        if (name === "early") onEarly(content);
        else answer = content;
      }
    } else {
      answer = await response.json().catch(() => null);
    }
  } catch {
    throw new SendError("", { isOffline: true });
  } finally {
    clearTimeout(timer);
  }
  if (response.ok && Array.isArray(answer?.replies)) return answer;
  const sentence = typeof answer?.error === "string" ? answer.error : "";
  // Any other status refuses the same message again.
  const canRetry = response.ok || response.status >= 500 || [408, 429].includes(response.status);
  throw new SendError(sentence, { canRetry });
}

/** The server-sent events of a response, as [name, content]. Calls `onSign` for every sign of life. */
async function* readEvents(response, onSign) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let received = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onSign();
    const events = (received + value).split("\n\n");
    received = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (.+)\ndata: (.+)$/.exec(event) ?? [];
      if (name) yield [name, JSON.parse(data)];
    }
  }
}

/** Asks the server to forget a conversation. The request survives the page closing. */
export async function forgetConversation(server, conversation) {
  if (!conversation) return;
  const address = new URL(`api/chat/${encodeURIComponent(conversation)}/forget`, server);
  try {
    // Without a body or own headers there is no preflight, whose answer a closing page
    // would not wait for.
    await fetch(address, { ...FETCH_OPTIONS, method: "POST", keepalive: true });
  } catch {
    // Unreachable: the server forgets when the conversation expires.
  }
}
