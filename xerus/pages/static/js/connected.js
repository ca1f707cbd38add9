// The page Atlassian sends the browser back to: it tells the other pages and, on success, goes away.

const result = document.querySelector("[data-connect-result]");
const status = result.dataset.connectResult;
if ("BroadcastChannel" in window) new BroadcastChannel("xerus-connect").postMessage(status);

// For the console alone, where support asks people to look: what failed, and its reference.
if (status === "failed" || status === "denied") {
  const reference = document.querySelector("[data-reference]")?.textContent;
  console.warn(`Xerus: ${document.querySelector("h1").textContent}.${reference ? ` Reference ${reference}.` : ""}`);
}

function leave() {
  setTimeout(() => {
    window.close();
    // A tab that no script opened cannot be closed: this was the same-tab way, so go back.
    setTimeout(() => location.replace(result.dataset.returnTo), 300);
  }, 500);
}

// Not before the page is whole: who looks at it sees it all.
if (status === "connected") window.addEventListener("load", leave);
