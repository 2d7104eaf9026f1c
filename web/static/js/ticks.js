// What is ticked in the library's lists is kept while one looks further: on the next page, by another filter, in this tab.

const main = document.getElementById("main");
const KEPT = "ticks";

const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const ticked = (kind) => kept()[kind] ?? [];
const keep = (kind, numbers) => sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), [kind]: numbers }));

/** Where several kinds are listed, what is ticked first says of which kind the rest is. */
const section = (box) => box.closest("[data-weigh]");

function take(bar) {
  const sections = [...main.querySelectorAll("[data-weigh]")];
  if (!sections.length) return;
  const some = sections.find(({ dataset }) => ticked(dataset.kind).length);
  Object.assign(bar.dataset, { kind: some?.dataset.kind ?? "", one: some?.dataset.one ?? "" });
  if (!some || bar.getAttribute("action") === some.dataset.weigh) return;
  bar.setAttribute("action", some.dataset.weigh);
  window.htmx?.process(bar);
}

/** The bar says how many are ticked, and carries those that are not on this page. */
function show() {
  const bar = document.getElementById("ticks");
  if (!bar) return;
  take(bar);
  const { kind, one } = bar.dataset;
  const numbers = ticked(kind);
  for (const field of bar.querySelectorAll("input[type=hidden]")) field.remove();
  for (const box of main.querySelectorAll("input[form=ticks]")) box.disabled = Boolean(kind && section(box) && section(box).dataset.kind !== kind);
  const boxes = new Map([...main.querySelectorAll("input[form=ticks]:enabled")].map((box) => [box.value, box]));
  for (const [number, box] of boxes) box.checked = numbers.includes(number);
  for (const number of numbers) if (!boxes.has(number)) bar.append(hidden(number));
  if (numbers.length) document.getElementById("picking").checked = true;
  const many = numbers.length === 1 ? "" : "s";
  bar.querySelector("output").textContent = numbers.length ? `${numbers.length.toLocaleString("en")} ${one}${many} ticked` : one ? `Tick two or more ${one}s` : "Tick two or more of one kind";
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
  const kind = (section(target) ?? document.getElementById("ticks")).dataset.kind;
  const others = ticked(kind).filter((number) => number !== target.value);
  keep(kind, target.checked ? [...others, target.value] : others);
  show();
});

document.addEventListener("click", (event) => event.target.closest("[data-untick]") && untick());
document.addEventListener("submit", ({ target }) => target.dataset.decides && keep(target.dataset.decides, []), true);
document.body.addEventListener("htmx:afterSettle", show);
document.body.addEventListener("htmx:historyRestore", show);
show();
