// The public endpoints, and nothing else. Every answer that is not a success becomes a Problem that can be shown.

/** What the server (or the lack of one) said: `errors` name the fields, as RFC 9457's extension does here. */
export class Problem extends Error {
  constructor({ status, title, detail, errors }) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.errors = errors || [];
  }
}

export async function get(path, query = {}) {
  return (await call("GET", path + search(query), {})).json();
}

export async function getText(path, query, mediaType) {
  return (await call("GET", path + search(query), { Accept: mediaType })).text();
}

// What was sent and not answered yet. Sent again (a lost connection, a 503) it carries the same key, and so has one
// effect however often it arrives; after an answer, the same body is a new request.
const unanswered = new Map();

/** A POST that can be repeated without a second effect. */
export async function post(path, body) {
  const text = JSON.stringify(body);
  const what = `${path} ${text}`;
  if (!unanswered.has(what)) unanswered.set(what, newKey());
  try {
    const answer = await call("POST", path, { "Idempotency-Key": unanswered.get(what) }, text);
    unanswered.delete(what);
    return answer.json();
  } catch (error) {
    if (error.status >= 400 && error.status < 500) unanswered.delete(what);
    throw error;
  }
}

/** Replaces a thing: repeating it changes nothing, so it needs no key. Nor does moving an alert to a state. */
export async function put(path, body) {
  return (await call("PUT", path, {}, JSON.stringify(body))).json();
}

export async function move(path, body) {
  return (await call("POST", path, {}, JSON.stringify(body))).json();
}

async function call(method, path, headers, body) {
  const sent = body === undefined ? headers : { ...headers, "Content-Type": "application/json" };
  let answer;
  try {
    // no-cache: asks with the ETag of what it holds, and takes a 304 for an answer
    answer = await fetch(path, { method, headers: sent, body, cache: "no-cache" });
  } catch {
    throw new Problem({ status: 0, title: "No answer", detail: "The server did not answer. Is it running?" });
  }
  if (answer.ok) return answer;
  throw new Problem(await problemOf(answer));
}

async function problemOf(answer) {
  const type = answer.headers.get("Content-Type") || "";
  if (type.startsWith("application/problem+json")) return answer.json();
  return { status: answer.status, title: `Error ${answer.status}`, detail: "The server gave no reason." };
}

function search(query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

// not crypto.randomUUID(): browsers have it only on HTTPS and on loopback
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An id as one part of a path. */
export const part = encodeURIComponent;
