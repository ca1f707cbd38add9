// Calls that wait for the person: when their time is over the page says so, and a key leads to them.
// Without this file a reload says the same.

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const timers = new Map();

function watch() {
  for (const [shown, timer] of timers) {
    if (shown.isConnected && shown.hasAttribute("data-waiting")) continue;
    clearTimeout(timer);
    timers.delete(shown);
  }
  for (const shown of document.querySelectorAll("[data-waiting][data-expires]")) {
    if (timers.has(shown)) continue;
    const left = Date.parse(shown.dataset.expires) - Date.now();
    // A second more, so that the server's clock is past it too.
    const delay = Math.min(Math.max(left, 0) + 1000, LONGEST_TIMER_MS);
    timers.set(shown, setTimeout(() => htmx.trigger(shown, "xerus:expired"), delay));
  }
}

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyA") return;
  const shown = document.querySelector("[data-waiting]");
  if (!shown) return;
  event.preventDefault();
  shown.scrollIntoView({ block: "nearest" });
  shown.focus();
});

document.addEventListener("htmx:after:swap", watch);
watch();
