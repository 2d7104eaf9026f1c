// What surrounds the pages: the rail's current entry, focus after navigation, toasts, the line while loading.

const main = document.getElementById("main");

function markCurrent() {
  const section = main.querySelector(".page")?.dataset.section;
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Shows `what`: words, or nodes taken from the page (a sentence with its undo). */
export function toast(...what) {
  const note = document.createElement("div");
  note.className = "toast";
  note.append(...what);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), note.querySelector("button") ? 12000 : 6000);
}

function liftNotes() {
  for (const note of main.querySelectorAll("[data-toast]")) {
    toast(...note.childNodes);
    note.remove();
  }
  // What the page shows anyway is only read out.
  for (const note of main.querySelectorAll("[data-say]")) {
    document.getElementById("toasts").append(note);
    setTimeout(() => note.remove(), 6000);
  }
}

function countQuestions() {
  const waiting = main.querySelector(".page")?.dataset.questions;
  if (waiting === undefined) return;
  for (const badge of document.querySelectorAll("[data-badge]")) {
    badge.textContent = Number(waiting).toLocaleString("en");
    badge.hidden = waiting === "0";
  }
}

function arrive() {
  markCurrent();
  countQuestions();
  liftNotes();
}

function focusHeading() {
  const heading = main.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** Where on the new page a boosted link or form belongs: the place its address names, or the card it was pressed in. */
function placeOf({ pathInfo, requestConfig }) {
  const card = requestConfig?.verb === "post" ? requestConfig.elt.closest("article[id]")?.id : "";
  return document.getElementById(pathInfo?.anchor || card);
}

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target !== main) return;
  arrive();
  if (!event.detail.requestConfig?.boosted) return;
  focusHeading();
  setTimeout(() => placeOf(event.detail)?.scrollIntoView({ block: "nearest" })); // htmx itself shows the top first
});
document.body.addEventListener("htmx:historyRestore", arrive);
document.body.addEventListener("toast", (event) => toast(event.detail.value));
document.body.addEventListener("htmx:sendError", () => toast("Bandstand does not answer. Is it still running?"));

// A page that renews itself waits while somebody moves through it by keyboard, whose place would be lost.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-considerate]") && main.querySelector(":focus:not(h1)")) event.preventDefault();
});

// What a page asked for again and again is nothing to the page that took its place meanwhile.
document.body.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (!elt.matches("[hx-trigger^=every]")) return;
  elt.addEventListener("htmx:beforeOnLoad", (event) => elt.isConnected || event.preventDefault(), { once: true });
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.defaultPrevented) document.documentElement.classList.add("is-busy");
});
document.body.addEventListener("htmx:afterRequest", () => document.documentElement.classList.remove("is-busy"));

// Filters and sort orders take effect when they change.
document.addEventListener("change", (event) => event.target.closest("select")?.form?.matches("[data-auto]") && event.target.form.requestSubmit());

// What was typed and chosen in a filter belongs to the page that Back leads to: the copy htmx keeps is made of attributes.
document.body.addEventListener("htmx:beforeHistorySave", () => {
  for (const field of main.querySelectorAll("[data-auto] input, [data-auto] option")) {
    if (field.matches("option")) field.toggleAttribute("selected", field.selected);
    else field.setAttribute("value", field.value);
  }
});

document.getElementById("more")?.addEventListener("click", (event) => {
  if (event.target.closest("a")) event.currentTarget.hidePopover();
});

arrive();

// A page out of the browser's own memory may be that of somebody who has left since.
addEventListener("pageshow", (event) => event.persisted && location.reload());

addEventListener("scroll", () => document.documentElement.classList.toggle("is-scrolled", scrollY > 24), { passive: true });

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.querySelector(button.dataset.copy);
  field.select();
  // The clipboard needs https or this very machine; the selected text can be copied by hand anywhere.
  const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
  toast(copied ? "Copied." : "Selected. Press Ctrl+C to copy it.");
});
