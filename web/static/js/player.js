// The player. It lives outside <main>, so a change of page never touches the sound.

import { fetchSongs, playlist } from "./playlist.js";
import { toast } from "./shell.js";

const find = (id) => document.getElementById(id);
const player = find("player");
const audio = find("audio");
const position = find("player-position");
const volume = find("player-volume");

export const SEEK_SECONDS = 10;

let sliding = false; // the listener holds the position; the song does not move it meanwhile

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// --- what plays --------------------------------------------------------------------------------------------------

/** Plays the list behind `button`, from its song on; a second press pauses. Of two that are compared, the second goes
 * on where the first was. */
async function press(button) {
  const { src, list } = button.dataset;
  if (isCurrent(button)) return toggle();
  const second = "compare" in button.dataset && [...document.querySelectorAll("[data-compare]")].some(isCurrent) ? audio.currentTime : 0;
  button.setAttribute("aria-busy", "true"); // services take their time to answer
  try {
    const songs = await fetchSongs(list);
    const at = songs.findIndex((song) => song.src === src);
    if (!songs.length) throw new Error("There is nothing here that can be played.");
    playlist.set(list, songs, Math.max(0, at), audio.currentTime);
  } catch (error) {
    return playlist.song ? tellTrouble(error.message) : toast(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
  load();
  if (second) audio.addEventListener("loadedmetadata", () => seek(second), { once: true });
  return play();
}

function load() {
  const song = playlist.song;
  tellTrouble(null);
  audio.src = song.src;
  show(song);
  mark();
}

async function play() {
  const song = playlist.song;
  if (!song) return;
  if (song.type && !audio.canPlayType(song.type)) return refuse(song);
  try {
    await audio.play();
  } catch (error) {
    // AbortError: another song was asked for meanwhile. Unplayable files are told by the audio's own error event.
    if (error.name === "NotAllowedError") tellTrouble("Your browser wants a click before it plays. Press Play.");
  }
}

export function toggle() {
  if (!playlist.song) return;
  if (audio.paused) play();
  else audio.pause();
}

export function step(steps) {
  if (steps < 0 && audio.currentTime > 4) return seek(0);
  if (!playlist.move(steps)) return undefined;
  load();
  return play();
}

/** After the last preview what it took the place of is there again, and silent: nobody asked for it to go on. */
function goOn() {
  if (!playlist.song?.preview || playlist.at < playlist.songs.length - 1) return step(1);
  const second = playlist.takeBack();
  if (second === null) return undefined;
  load();
  return audio.addEventListener("loadedmetadata", () => seek(second), { once: true });
}

export function seek(second) {
  if (!playlist.song) return;
  audio.currentTime = Math.min(Math.max(0, second), length());
  showTime();
}

export function seekBy(seconds) {
  seek(audio.currentTime + seconds);
}

export function mute() {
  audio.muted = !audio.muted;
}

function length() {
  return Number.isFinite(audio.duration) ? audio.duration : (playlist.song?.seconds ?? 0);
}

// --- trouble, in words -------------------------------------------------------------------------------------------

function refuse(song) {
  const kind = song.chip ? ` (${song.chip.split(",")[0]})` : "";
  tellTrouble(`This browser cannot play “${song.title}”${kind}.`, song.preview ? null : song.src);
  mark();
}

function tellTrouble(words, file) {
  const place = find("player-trouble");
  place.hidden = !words;
  place.textContent = words ?? "";
  if (!file) return;
  const link = document.createElement("a");
  link.href = `${file}?download`;
  link.textContent = "Open the file instead";
  link.setAttribute("hx-boost", "false");
  link.download = "";
  place.append(" ", link);
}

function tellError() {
  if (!playlist.song) return;
  if (audio.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) explainRefusal(playlist.song);
  else if (audio.error?.code === MediaError.MEDIA_ERR_DECODE) refuse(playlist.song);
  else tellTrouble("The song stopped arriving. Is Bandstand still running?");
}

/** The browser says "not supported" for a missing file as well, so ask the server what is wrong. */
async function explainRefusal(song) {
  const answer = await fetch(song.src, { headers: { Range: "bytes=0-0", Accept: "application/json" } }).catch(() => null);
  if (!answer) return tellTrouble("Bandstand does not answer. Is it still running?");
  if (answer.ok) return refuse(song);
  const body = await answer.json().catch(() => ({}));
  return tellTrouble(body.error ?? "Bandstand could not find this file.");
}

// --- what is shown -----------------------------------------------------------------------------------------------

function show(song) {
  player.hidden = false;
  document.documentElement.classList.add("has-player");
  player.className = `player ${song.hue ?? ""}`;
  find("player-sleeve").src = song.sleeve;
  find("player-title").textContent = song.title;
  find("player-title").href = song.href;
  find("player-credit").textContent = song.preview ? `Preview · ${song.credit}` : song.credit;
  find("player-source").textContent = song.chip ?? "";
  find("player-source").hidden = !song.chip;
  find("player-previous").disabled = false;
  find("player-next").disabled = playlist.at >= playlist.songs.length - 1;
  showTime();
  announce(song);
}

function showTime() {
  const total = length();
  if (!sliding) position.value = audio.currentTime;
  position.max = Math.max(1, Math.floor(total));
  position.setAttribute("aria-valuetext", `${clock(position.value)} of ${clock(total)}`);
  position.style.setProperty("--seen", `${(100 * position.value) / position.max}%`);
  find("player-elapsed").textContent = clock(position.value);
  find("player-length").textContent = clock(total);
}

function showPlaying() {
  const playing = !audio.paused && !audio.ended;
  player.classList.toggle("is-playing", playing);
  find("player-toggle").setAttribute("aria-label", playing ? "Pause" : "Play");
  if ("mediaSession" in navigator) navigator.mediaSession.playbackState = playing ? "playing" : "paused";
  mark();
}

function showVolume() {
  volume.value = Math.round(audio.volume * 100);
  volume.style.setProperty("--seen", `${audio.muted ? 0 : volume.value}%`);
  find("player-mute").setAttribute("aria-pressed", String(audio.muted));
  localStorage.setItem("volume", audio.volume);
}

function isCurrent(button) {
  const row = button.closest(".song");
  return row ? button.dataset.src === playlist.song?.src : button.dataset.list === playlist.url;
}

/** Shows on the page which song, row or album is playing. */
export function mark() {
  for (const button of document.querySelectorAll("button[data-src]")) {
    const current = isCurrent(button);
    button.classList.toggle("is-current", current);
    button.classList.toggle("is-playing", current && !audio.paused);
    button.closest(".song")?.classList.toggle("is-current", current);
  }
}

function announce(song) {
  if (!("mediaSession" in navigator)) return;
  const artwork = song.sleeve.endsWith(".svg") ? [] : [{ src: song.sleeve }];
  navigator.mediaSession.metadata = new MediaMetadata({ title: song.title, artist: song.credit, artwork });
}

// --- wiring ------------------------------------------------------------------------------------------------------

function wire() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-src]");
    if (button) press(button);
  });
  document.body.addEventListener("htmx:afterSettle", mark);
  document.body.addEventListener("htmx:historyRestore", mark);

  find("player-toggle").addEventListener("click", toggle);
  find("player-previous").addEventListener("click", () => step(-1));
  find("player-next").addEventListener("click", () => step(1));
  find("player-mute").addEventListener("click", mute);
  volume.addEventListener("input", () => {
    audio.volume = volume.value / 100;
    audio.muted = false;
  });
  position.addEventListener("input", () => {
    sliding = true;
    showTime();
  });
  position.addEventListener("change", () => {
    sliding = false;
    seek(Number(position.value));
  });

  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, showPlaying);
  for (const name of ["timeupdate", "durationchange", "seeked"]) audio.addEventListener(name, showTime);
  audio.addEventListener("volumechange", showVolume);
  audio.addEventListener("ended", goOn);
  audio.addEventListener("error", tellError);
  addEventListener("pagehide", () => playlist.song && playlist.save(audio.currentTime));
}

/** One tab plays at a time: the one that begins silences the others. */
function wireTabs() {
  const tabs = new BroadcastChannel("bandstand-player");
  audio.addEventListener("play", () => tabs.postMessage("plays"));
  tabs.addEventListener("message", () => audio.pause());
}

function wireMediaSession() {
  if (!("mediaSession" in navigator)) return;
  const actions = {
    play,
    pause: () => audio.pause(),
    previoustrack: () => step(-1),
    nexttrack: () => step(1),
    seekbackward: () => seekBy(-SEEK_SECONDS),
    seekforward: () => seekBy(SEEK_SECONDS),
    seekto: (details) => seek(details.seekTime),
  };
  for (const [name, act] of Object.entries(actions)) navigator.mediaSession.setActionHandler(name, act);
}

function resume() {
  const second = playlist.restore();
  if (second === null) return;
  load();
  audio.addEventListener("loadedmetadata", () => seek(second), { once: true });
}

if (player) {
  audio.volume = Number(localStorage.getItem("volume") ?? 0.8);
  showVolume();
  wire();
  wireTabs();
  wireMediaSession();
  resume();
}
