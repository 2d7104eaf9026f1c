// The panel under the search pill: open while there is something to show, arrows move through it, Escape closes.

const form = document.getElementById("search");

function wire() {
  const input = document.getElementById("search-text");
  const hits = document.getElementById("hits");
  const close = () => (hits.hidden = true);

  hits.addEventListener("htmx:afterSettle", () => {
    hits.hidden = !input.value.trim() || !form.contains(document.activeElement);
  });
  input.addEventListener("input", () => input.value.trim() || close());
  input.addEventListener("focus", () => {
    if (input.value.trim() && hits.childElementCount) hits.hidden = false;
  });
  form.addEventListener("submit", close);
  hits.addEventListener("click", (event) => event.target.closest("a") && close());
  document.addEventListener("pointerdown", (event) => form.contains(event.target) || close());

  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      close();
      input.blur();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [input, ...hits.querySelectorAll("a")];
    const to = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[Math.min(Math.max(to, 0), stops.length - 1)].focus();
    event.preventDefault();
  });
}

if (form) wire();
