// What is ticked in the library's lists is kept while one looks further: on the next page, by another filter, in this tab.

const main = document.getElementById("main");
const KEPT = "ticks";

const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const ticked = (kind) => kept()[kind] ?? [];
const keep = (kind, numbers) => sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), [kind]: numbers }));

/** The bar says how many are ticked, and carries those that are not on this page. */
function show() {
  const bar = document.getElementById("ticks");
  if (!bar) return;
  const numbers = ticked(bar.dataset.kind);
  for (const field of bar.querySelectorAll("input[type=hidden]")) field.remove();
  const boxes = new Map([...main.querySelectorAll("input[form=ticks]")].map((box) => [box.value, box]));
  for (const [number, box] of boxes) box.checked = numbers.includes(number);
  for (const number of numbers) if (!boxes.has(number)) bar.append(hidden(number));
  if (numbers.length) document.getElementById("picking").checked = true;
  const many = numbers.length === 1 ? "" : "s";
  bar.querySelector("output").textContent = numbers.length ? `${numbers.length.toLocaleString("en")} ${bar.dataset.one}${many} ticked` : `Tick two or more ${bar.dataset.one}s`;
  for (const button of bar.querySelectorAll("[name=verdict]")) button.disabled = numbers.length < 2;
}

function hidden(number) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "items", value: number });
  return field;
}

function untick() {
  keep(document.getElementById("ticks").dataset.kind, []);
  show();
}

document.addEventListener("change", ({ target }) => {
  if (target.id === "picking" && !target.checked) untick();
  if (!target.matches("input[form=ticks]")) return;
  const kind = document.getElementById("ticks").dataset.kind;
  const others = ticked(kind).filter((number) => number !== target.value);
  keep(kind, target.checked ? [...others, target.value] : others);
  show();
});

document.addEventListener("click", (event) => event.target.closest("[data-untick]") && untick());
document.addEventListener("submit", ({ target }) => target.dataset.decides && keep(target.dataset.decides, []), true);
document.body.addEventListener("htmx:afterSettle", show);
document.body.addEventListener("htmx:historyRestore", show);
show();
