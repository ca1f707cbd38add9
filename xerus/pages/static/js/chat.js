// The composer and the transcript. Without this file the form posts and the page comes back whole.

const transcript = document.getElementById("transcript");
const composer = document.getElementById("composer");
const text = document.getElementById("text");
const say = (words) => (document.getElementById("status").textContent = words);
const draftKey = () => `xerus-draft-${document.getElementById("conversation-id").value}`;

text.value ||= sessionStorage.getItem(draftKey()) ?? "";
text.addEventListener("input", () => sessionStorage.setItem(draftKey(), text.value));
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (text.value.trim()) composer.requestSubmit();
});

function element(tag, className, words) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = words;
  return made;
}

function scrollToEnd() {
  window.scrollTo({ top: document.body.scrollHeight });
}

document.addEventListener("htmx:before:request", (event) => {
  const form = event.target.closest?.("form");
  if (!form || !transcript.contains(form) && form !== composer) return;
  const words = form === composer ? text.value : event.detail?.ctx?.request?.body?.get?.("text");
  if (words) {
    const item = document.createElement("li");
    item.append(element("article", "entry entry-person", words));
    let list = transcript.querySelector(".entries");
    if (!list) {
      list = element("ol", "entries", "");
      transcript.replaceChildren(list);
    }
    list.append(item);
  }
  transcript.append(element("p", "thinking", "Xerus is answering…"));
  if (form === composer) {
    sessionStorage.removeItem(draftKey());
    text.value = "";
  }
  say("Xerus is answering.");
  scrollToEnd();
});

document.addEventListener("htmx:after:swap", () => {
  const list = transcript.querySelector(".entries");
  if (!list) return;
  document.getElementById("conversation-id").value = list.dataset.conversation;
  if (list.dataset.announce) say(list.dataset.announce);
  scrollToEnd();
});

document.addEventListener("htmx:error", () => {
  transcript.querySelector(".thinking")?.remove();
  document.getElementById("alert").textContent =
    "The message did not arrive. Check your connection, then reload the page.";
});

if (transcript.querySelector(".entries")) scrollToEnd();
