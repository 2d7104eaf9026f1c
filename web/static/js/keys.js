// Keys for the whole page. Off while typing, and where a focused control has its own use for a key.

import { mute, seekBy, SEEK_SECONDS, step, toggle } from "./player.js";

const KEYS = {
  " ": toggle,
  j: () => seekBy(-SEEK_SECONDS),
  l: () => seekBy(SEEK_SECONDS),
  n: () => step(1),
  p: () => step(-1),
  m: mute,
  "/": () => document.getElementById("search-text")?.focus(),
};

/** A page's own keys come before those of the player: a key presses the button that bears it. Held down, once. */
function pressOwn(key, repeated) {
  const button = document.querySelector(`main [data-key="${CSS.escape(key)}"]`);
  if (button && !repeated && !document.documentElement.classList.contains("is-busy")) button.click();
  return Boolean(button);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return;
  const key = event.key.toLowerCase();
  if (pressOwn(key, event.repeat)) return event.preventDefault();
  const act = KEYS[key];
  if (!act) return;
  event.preventDefault();
  act();
});

// A button clicked with the mouse (detail > 0) lets go of the focus, so that Space is the player's again. Only when its
// form is on its way: htmx forgets which button was pressed as soon as the focus leaves it.
document.addEventListener("click", (event) => {
  const button = event.detail > 0 && event.target.closest("button");
  if (button) setTimeout(() => button.blur());
});
