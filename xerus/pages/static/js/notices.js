// Says what is new among the lines above the page: once for each, not again on every page.

const told = new Set(JSON.parse(sessionStorage.getItem("xerus-told") ?? "[]"));
const lines = [...document.querySelectorAll("[data-notice]")];
const fresh = lines.filter((line) => !told.has(line.dataset.notice));
if (fresh.length) {
  document.getElementById("status").textContent = fresh.map((line) => line.dataset.say).join(" ");
  sessionStorage.setItem("xerus-told", JSON.stringify(lines.map((line) => line.dataset.notice)));
}
