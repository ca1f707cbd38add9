// The page Atlassian sends the browser back to: it tells the other pages and, on success, goes away.

const result = document.querySelector("[data-connect-result]");
const status = result.dataset.connectResult;
if ("BroadcastChannel" in window) new BroadcastChannel("xerus-connect").postMessage(status);

if (status === "connected") {
  setTimeout(() => {
    window.close();
    // A tab that no script opened cannot be closed: this was the same-tab way, so go back.
    setTimeout(() => location.replace(result.dataset.returnTo), 300);
  }, 500);
}
