import "./shell.js";
import "./player.js";
import "./keys.js";
import "./search.js";
import "./ticks.js";

// A public page: what the last listener of this tab played is not for the next one.
if (document.body.classList.contains("signed-out")) sessionStorage.clear();
