// The page that opens the Atlassian window. The flow row on the server is the truth: this only asks
// for it at the right moments. `window.closed` and `window.opener` decide nothing, because a provider
// that sends Cross-Origin-Opener-Policy makes an open window look closed.

const STATUS = "/connections/atlassian/status";
const EVENTS = "/connections/atlassian/events";
const GIVE_UP_MS = 11 * 60 * 1000;
const channel = "BroadcastChannel" in window ? new BroadcastChannel("xerus-connect") : null;
let stream = null;
let timer = 0;
let until = 0;

const card = () => document.querySelector("[data-connect-card]");
const say = (text) => (document.getElementById("status").textContent = text);

function see(state) {
  const shown = card();
  if (!shown) return stop();
  if (state.version === shown.dataset.version) return;
  // In the chat the whole transcript is shown anew, so not before it is known how it ended.
  if ("resume" in shown.dataset && (state.pending || state.state === "choosing_site")) return;
  if ("reload" in shown.dataset) {
    if (!state.pending) location.reload();
    return;
  }
  htmx.trigger(shown, "xerus:changed");
  if (!state.pending) stop();
}

async function ask() {
  const answer = await fetch(STATUS, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) see(await answer.json());
}

function listen() {
  stream?.close();
  stream = new EventSource(EVENTS);
  stream.onmessage = (message) => see(JSON.parse(message.data));
  stream.addEventListener("end", () => stream?.close());
}

function poll() {
  clearTimeout(timer);
  if (Date.now() > until) return;
  const delay = until - Date.now() > GIVE_UP_MS - 30000 ? 2000 : 5000;
  timer = setTimeout(async () => {
    await ask();
    poll();
  }, delay);
}

function wait() {
  until = Date.now() + GIVE_UP_MS;
  listen();
  poll();
}

function stop() {
  until = 0;
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

function showWaiting(button) {
  const shown = card();
  shown.querySelector("[data-blocked]")?.setAttribute("hidden", "");
  if (!shown.contains(button)) return;
  shown.querySelector("[data-news]")?.setAttribute("hidden", ""); // it tells of the attempt before
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-label", "Waiting for Atlassian");
  button.lastChild.textContent = "Waiting for Atlassian…";
  say("Waiting for you to finish in the other window.");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("a[data-popup]");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  const opened = window.open(button.href, "xerus-connect", "popup,width=560,height=720");
  if (!opened) {
    card()?.querySelector("[data-blocked]")?.removeAttribute("hidden");
    document.getElementById("alert").textContent = "Your browser blocked the window.";
    return;
  }
  showWaiting(button);
  wait();
});

document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("a[role=button]");
  if (!button || event.key !== " ") return;
  event.preventDefault();
  button.click();
});

document.addEventListener("htmx:after:swap", () => {
  const shown = card();
  if (!shown) return;
  if (shown.dataset.announce) say(shown.dataset.announce);
  if (document.activeElement === document.body) shown.querySelector("[data-focus]")?.focus();
  if (shown.dataset.pending === "true" && !until) wait();
});

channel?.addEventListener("message", ask);
for (const name of ["focus", "pageshow"]) window.addEventListener(name, () => until && ask());
document.addEventListener("visibilitychange", () => until && !document.hidden && ask());
if (card()?.dataset.pending === "true") wait();
