// The chat: the composer, the forms of the transcript, and how an answer grows. Without this file the
// forms post and the page comes back whole.

const transcript = document.getElementById("transcript");
const composer = document.getElementById("composer");
const text = document.getElementById("text");
const unsent = document.getElementById("unsent");
const draftKey = () => `xerus-draft-${document.getElementById("conversation-id").value}`;
const queuedKey = () => `xerus-queued-${document.getElementById("conversation-id").value}`;
const alert = (words) => (document.getElementById("alert").textContent = words);

// How an answer grows: the server renders and sanitises, this puts the pieces in place. One stream
// while an answer is being written and the tab is seen, two in a browser at most: the other tabs ask
// now and then, because a browser has six connections to a server for all its tabs together.

const SLOTS = ["xerus-chat-stream-1", "xerus-chat-stream-2"];
const POLL_MS = 3000;
const AGAIN_MS = [500, 1000, 2000, 4000];
const LAST = new Set(["end", "closing", "busy"]);
const NEAR_THE_END = 96;
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("xerus-chat") : null;
const inbox = document.createElement("div"); // htmx alone may turn text into HTML
inbox.hidden = true;
document.body.append(inbox);

const list = () => transcript.querySelector(".entries");
const isRunning = () => Boolean(list()?.hasAttribute("data-running"));
const conversation = () => list()?.dataset.conversation ?? "";

let said = "";
function say(words) {
  if (words === said) return;
  said = words;
  document.getElementById("status").textContent = words;
}

const isAtEnd = () =>
  window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - NEAR_THE_END;

function scrollToEnd() {
  window.scrollTo({ top: document.documentElement.scrollHeight });
}

/** Change the transcript; stay at its end if that is what the person looks at. */
function keepingPlace(change) {
  const follow = isAtEnd();
  change();
  if (follow) scrollToEnd();
}

async function parsed(html) {
  await htmx.swap({ sourceElement: inbox, target: inbox, swap: "innerHTML", text: html });
  const made = document.createDocumentFragment();
  made.append(...inbox.childNodes);
  return made;
}

function put(item, made) {
  const before = item.querySelector("details");
  const after = made.querySelector("details");
  if (before && after) after.open = before.open;
  const shown = item.firstElementChild; // what can be done from here comes after it
  const focused = shown?.contains(document.activeElement);
  if (shown) shown.replaceWith(made);
  else item.append(made);
  if (focused) item.querySelector("summary, a, button")?.focus({ preventScroll: true });
}

async function showEntry({ at, html }) {
  const made = await parsed(html);
  const items = list()?.children;
  if (!items || at > items.length) return refresh();
  keepingPlace(() => {
    if (at === items.length) list().append(document.createElement("li"));
    put(items[at], made);
  });
  serveCards();
}

async function showText({ at, since, html }) {
  const made = await parsed(html);
  const prose = list()?.children[at]?.querySelector(".prose");
  if (!prose || since > prose.children.length) return refresh();
  keepingPlace(() => {
    while (prose.children.length > since) prose.lastElementChild.remove();
    prose.append(made);
  });
}

function showRunning(words) {
  const shown = document.getElementById("running-words");
  if (shown) shown.textContent = words;
}

function showWords(words) {
  say(words);
  showRunning(words);
}

// After these there is nothing to follow until the page, or the tab, is looked at anew.
const ENDS = {
  401: "You are signed out. Reload the page to sign in.",
  404: "This conversation is no longer there. Begin a new one.",
};
let fetched = 0;

/** Fetch the transcript as it stands, forms included; return the status, 0 without an answer. */
async function refresh() {
  const id = conversation();
  if (!id) return 0;
  fetched = 0;
  const place = { source: transcript, target: transcript, swap: "innerMorph" };
  await htmx.ajax("GET", `/chat/${id}/transcript`, place);
  if (fetched in ENDS) {
    stop();
    showRunning(ENDS[fetched]);
    refuse(ENDS[fetched]);
  }
  return fetched;
}

let source = null;
let release = null;
let timer = 0;
let failures = 0;
let work = Promise.resolve();

function later(ms, what) {
  clearTimeout(timer);
  timer = setTimeout(what, ms);
}

/** Let go of the stream and of everything that is planned. */
function stop() {
  clearTimeout(timer);
  source?.close();
  source = null;
  release?.();
  release = null;
}

async function again() {
  stop();
  const delay = AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)];
  failures += 1;
  later(delay, async () => {
    const status = await refresh();
    if (status === 200) return follow();
    if (status in ENDS) return;
    showWords("The connection is lost. Trying again.");
    again();
  });
}

function open(id) {
  source = new EventSource(`/chat/${id}/stream`);
  const stream = source;
  const on = (name, handle) =>
    stream.addEventListener(name, (event) => {
      if (LAST.has(name)) stream.close(); // or its end would pass for a broken connection
      // One after the other: each is put in place asynchronously.
      work = work.then(() => source === stream && handle(JSON.parse(event.data))).catch(console.error);
    });
  stream.onopen = () => (failures = 0);
  stream.onerror = () => {
    if (source !== stream) return;
    showWords("The connection is lost. Trying again.");
    if (stream.readyState === EventSource.CLOSED) again();
  };
  on("entry", showEntry);
  on("text", showText);
  on("say", ({ words }) => showWords(words));
  on("whole", refresh);
  on("closing", again);
  on("busy", () => {
    stop();
    poll();
  });
  on("end", async () => {
    stop();
    if ((await refresh()) === 200) tabs?.postMessage(id);
    else again();
  });
}

function poll() {
  later(POLL_MS, async () => {
    if (!(await refresh())) showWords("The connection is lost. Trying again.");
    follow();
  });
}

/** Follow the answer that is being written, if one is and the tab is seen. */
function follow() {
  if (!isRunning() || document.hidden || fetched in ENDS) return stop();
  if (source) return;
  clearTimeout(timer);
  if (!navigator.locks) return poll();
  take(0);
}

function take(slot) {
  if (slot === SLOTS.length) return poll();
  navigator.locks.request(SLOTS[slot], { ifAvailable: true }, (lock) => {
    if (!lock) return void take(slot + 1);
    if (!isRunning() || document.hidden || source) return;
    open(conversation());
    return new Promise((resolve) => (release = resolve));
  });
}

tabs?.addEventListener("message", async ({ data }) => {
  if (!data || data !== conversation() || source) return;
  await refresh();
  follow();
});
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) return stop();
  if (isRunning()) await refresh();
  follow();
});
window.addEventListener("pageshow", (event) => event.persisted && refresh().then(follow));

htmx.config.morphIgnore.push("open"); // what the person has unfolded stays unfolded

// What one person left unsent is not for the next one who signs in.
if (sessionStorage.getItem("xerus-person") !== composer.dataset.person) sessionStorage.clear();
sessionStorage.setItem("xerus-person", composer.dataset.person);
text.value ||= sessionStorage.getItem(draftKey()) ?? "";
text.addEventListener("input", () => {
  sessionStorage.setItem(draftKey(), text.value);
  queue(false);
  refuse("");
});
text.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape" && isRunning()) {
    event.preventDefault();
    document.getElementById("stop")?.requestSubmit();
  }
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  if (text.value.trim()) composer.requestSubmit();
});

function element(tag, className, words) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = words;
  return made;
}

/** Say below the composer why the message was not sent; it stays where it is. */
function refuse(words) {
  unsent.textContent = words;
  unsent.hidden = !words;
  if (words) alert(words);
}

function showAtOnce(words) {
  if (words) {
    const item = document.createElement("li");
    item.append(element("article", "entry entry-person", words));
    if (!list()) transcript.replaceChildren(element("ol", "entries", ""));
    list().append(item);
  }
  transcript.append(element("p", "thinking", "Xerus is answering…"));
}

const WAITS = "Xerus is still answering. Your message is sent when the answer is there; Esc stops it.";
const UNSENT = "Your message was not sent yet. Send it when you have seen how the answer ended.";
let queued = false;

/** Remember, over a reload too, whether what is written here is to be sent after the answer. */
function queue(wanted) {
  queued = wanted;
  if (wanted) sessionStorage.setItem(queuedKey(), "");
  else sessionStorage.removeItem(queuedKey());
}

/** Send what was written amid an answer; not where the answer left something to decide or to read. */
function sendQueued() {
  if (!queued || isRunning()) return;
  queue(false);
  if (list().dataset.announce === "Answer ready.") setTimeout(() => composer.requestSubmit());
  else refuse(UNSENT);
}

const isOurs = (form) => form && (form === composer || transcript.contains(form));
let sent = null;

// The next message waits for the one that is on its way, or htmx would send both at its failure.
composer.addEventListener(
  "submit",
  (event) => {
    if (!sent) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    queue(true);
    refuse(WAITS);
  },
  true,
);

document.addEventListener("htmx:before:request", (event) => {
  if (event.target === transcript) event.detail.ctx.request.headers.Accept = "application/json";
  const form = event.target.closest?.("form");
  if (!isOurs(form)) return;
  const { request } = event.detail.ctx;
  request.headers.Accept = "application/json"; // of an error: the answer is HTML in any case
  if (form.id === "stop") return say("Stopping.");
  if (event.target.closest("[data-quiet]")) return; // nothing is answered
  const words = form === composer ? text.value : request.body?.get?.("text");
  if (form === composer && isRunning()) {
    event.preventDefault();
    queue(true);
    return refuse(WAITS);
  }
  sent = form === composer ? { words, key: draftKey() } : null;
  showAtOnce(words);
  if (form === composer) text.value = "";
  refuse("");
  say("Xerus is answering.");
  scrollToEnd();
});

/** Take back what was shown as sent, and say why it was not. */
function takeBack(why) {
  transcript.querySelector(".thinking")?.remove();
  if (sent) {
    list()?.lastElementChild?.remove();
    text.value = [sent.words, text.value].filter(Boolean).join("\n\n"); // and what was begun since
    queue(false);
    sessionStorage.setItem(draftKey(), text.value);
    sent = null;
  }
  refuse(why);
}

document.addEventListener("htmx:after:request", (event) => {
  const { response, text: body } = event.detail.ctx;
  if (event.target === transcript) {
    fetched = response.status;
    if (fetched >= 400) event.preventDefault();
  }
  if (!isOurs(event.target.closest?.("form"))) return;
  if (response.raw.redirected) {
    event.preventDefault();
    location.reload(); // signed out: the way back leads here
  } else if (response.status >= 400) {
    event.preventDefault();
    takeBack(wordsOf(body));
  }
});

function wordsOf(body) {
  try {
    const { message, hint } = JSON.parse(body).error;
    return [message, hint].filter(Boolean).join(" ");
  } catch {
    return "That did not work. Try again.";
  }
}

let wasAtEnd = true;
let hadFocus = false;
document.addEventListener("htmx:before:swap", (event) => {
  if (event.detail.ctx.target !== transcript) return;
  wasAtEnd = isAtEnd();
  hadFocus = transcript.contains(document.activeElement);
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target !== transcript || !list()) return;
  if (sent) {
    sessionStorage.removeItem(sent.key);
    sent = null;
    wasAtEnd = true;
    tabs?.postMessage(conversation());
  }
  const waits = queued;
  queue(false);
  document.getElementById("conversation-id").value = list().dataset.conversation;
  if (waits) queue(true);
  if (text.value) sessionStorage.setItem(draftKey(), text.value); // begun while the last was sent
  if (list().dataset.announce) say(list().dataset.announce);
  serveCards();
  if (wasAtEnd) scrollToEnd();
  if (hadFocus && !transcript.contains(document.activeElement)) {
    (transcript.querySelector("[data-waiting]") ?? text).focus({ preventScroll: true });
  }
  if (isRunning()) follow();
  else stop();
  sendQueued();
});

document.addEventListener("htmx:error", (event) => {
  if (!isOurs(event.target.closest?.("form"))) return;
  takeBack("The message did not arrive. Check your connection, then send it again.");
});

/** Load what a card needs that opens a window; few conversations have one. */
function serveCards() {
  if (transcript.querySelector("[data-connect-card]")) import(transcript.dataset.connect);
}

// A link to a place of it leads there.
if (list() && !location.hash) requestAnimationFrame(scrollToEnd);
serveCards();
if (text.value && sessionStorage.getItem(queuedKey()) !== null) {
  queue(isRunning());
  refuse(isRunning() ? WAITS : UNSENT);
}
follow();
