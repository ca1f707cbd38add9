// A page with cards that open a window of Atlassian's, one watch for each card. The flow row on the
// server is the truth: this only asks for it at the right moments. `window.closed` and
// `window.opener` decide nothing, because a provider that sends Cross-Origin-Opener-Policy makes an
// open window look closed.

const GIVE_UP_MS = 11 * 60 * 1000;
const channel = "BroadcastChannel" in window ? new BroadcastChannel("xerus-connect") : null;
const say = (text) => (document.getElementById("status").textContent = text);
const cards = () => [...document.querySelectorAll("[data-connect-card]")];
const watches = new Map();

class Watch {
  constructor(base) {
    this.base = base;
    this.unlisten = () => {};
    this.timer = 0;
    this.until = 0;
  }

  get card() {
    return cards().find((card) => card.dataset.base === this.base);
  }

  see(state) {
    const shown = this.card;
    if (!shown) return this.stop();
    if (state.version === shown.dataset.version) return;
    // In the chat the whole transcript is shown anew, so not before it is known how it ended.
    if ("resume" in shown.dataset && (state.pending || state.state === "choosing_site")) return;
    if ("reload" in shown.dataset) {
      if (!state.pending) location.reload();
      return;
    }
    htmx.trigger(shown, "xerus:changed");
    if (!state.pending) this.stop();
  }

  async ask() {
    const asked = fetch(`${this.base}/status`, { headers: { Accept: "application/json" } });
    const answer = await asked.catch(() => null);
    if (answer?.ok) this.see(await answer.json());
  }

  // A browser opens six connections to a server in all, so one stream serves all of its tabs: the
  // others are told by the channel, and ask now and then.
  listen() {
    this.unlisten();
    const over = new AbortController();
    this.unlisten = () => over.abort();
    const hold = () =>
      new Promise((release) => {
        const stream = new EventSource(`${this.base}/events`);
        const end = () => {
          stream.close();
          release();
        };
        stream.onmessage = (message) => {
          channel?.postMessage("news");
          this.see(JSON.parse(message.data));
        };
        stream.onerror = () => {
          if (!this.interrupted) console.info("Xerus: live status interrupted; the page goes on asking by itself.");
          this.interrupted = true;
        };
        stream.addEventListener("end", end);
        over.signal.addEventListener("abort", end);
      });
    navigator.locks.request("xerus-connect-stream", { signal: over.signal }, hold).catch(() => {});
  }

  poll() {
    clearTimeout(this.timer);
    if (Date.now() > this.until) return;
    const delay = this.until - Date.now() > GIVE_UP_MS - 30000 ? 2000 : 5000;
    this.timer = setTimeout(async () => {
      await this.ask();
      this.poll();
    }, delay);
  }

  wait() {
    this.until = Date.now() + GIVE_UP_MS;
    this.listen();
    this.poll();
  }

  stop() {
    this.until = 0;
    clearTimeout(this.timer);
    this.unlisten();
  }
}

function watchOf(card) {
  const base = card.dataset.base;
  if (!watches.has(base)) watches.set(base, new Watch(base));
  return watches.get(base);
}

function askAll(all) {
  for (const card of cards()) if (all || watchOf(card).until) watchOf(card).ask();
}

function showWaiting(button, shown) {
  shown.querySelector("[data-blocked]")?.setAttribute("hidden", "");
  shown.querySelector("[data-news]")?.setAttribute("hidden", ""); // it tells of the attempt before
  const name = button.getAttribute("aria-label").replace(/^\S+ /, "");
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-label", `Waiting for ${name}`);
  button.lastChild.textContent = `Waiting for ${name}…`;
  say("Waiting for you to finish in the other window.");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("a[data-popup]");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  const shown = button.closest("[data-connect-card]");
  const name = `xerus-connect-${shown.dataset.base.split("/").pop()}`;
  const opened = window.open(button.href, name, "popup,width=560,height=720");
  if (!opened) {
    shown.querySelector("[data-blocked]")?.removeAttribute("hidden");
    document.getElementById("alert").textContent = "Your browser blocked the window.";
    return;
  }
  if (button.hasAttribute("aria-label")) showWaiting(button, shown);
  watchOf(shown).wait();
});

document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("a[role=button]");
  if (!button || event.key !== " ") return;
  event.preventDefault();
  button.click();
});

document.addEventListener("htmx:after:swap", () => {
  for (const shown of cards()) {
    const watch = watchOf(shown);
    const news = shown.dataset.announce;
    if (news && news !== watch.said) say((watch.said = news));
    if (shown.dataset.pending === "true" && !watch.until) watch.wait();
  }
  if (document.activeElement === document.body) {
    document.querySelector("[data-connect-card] [data-focus]")?.focus();
  }
});

channel?.addEventListener("message", () => askAll(true));
for (const name of ["focus", "pageshow"]) window.addEventListener(name, () => askAll(false));
document.addEventListener("visibilitychange", () => document.hidden || askAll(false));
for (const shown of cards()) {
  watchOf(shown).said = shown.dataset.announce;
  if (shown.dataset.pending === "true") watchOf(shown).wait();
}
