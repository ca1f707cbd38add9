// What every page has: menus that close, buttons that copy. Nothing here is needed to use a page.

const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.closest(".snippet").classList.add("has-copy");
  const word = button.querySelector("[data-copy-word]");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    word.textContent = "Copied";
    document.getElementById("status").textContent = "Copied";
    setTimeout(() => (word.textContent = "Copy"), 2000);
  });
}

// What is no part of a page, an error or the way to sign in, is never put into this one: loaded anew,
// the page says by itself how things stand. Whoever handles such an answer has done so by now.
window.addEventListener("htmx:after:request", (event) => {
  const { response } = event.detail.ctx;
  if (event.defaultPrevented || (response.status < 400 && !response.raw.redirected)) return;
  event.preventDefault();
  location.reload();
});
