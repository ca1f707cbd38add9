// The button that copies a reference; it shows itself only where it can work, also after a swap.

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy-reference]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("[data-reference]").textContent);
  button.querySelector("[data-copy-word]").textContent = "Copied";
  document.getElementById("status").textContent = "Copied the reference.";
});

function show() {
  for (const button of document.querySelectorAll("[data-copy-reference]")) {
    button.hidden = !navigator.clipboard;
  }
}

// An address that names an answer shows it open.
function unfold() {
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

document.addEventListener("htmx:after:swap", show);
window.addEventListener("hashchange", unfold);
unfold();
show();
