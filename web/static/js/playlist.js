// What is being played: a list of songs and a place in it. Kept for this tab, so that a reload finds it again.
//
// A song: { src, title, credit, href, sleeve, hue, type, chip, seconds, preview }, as /albums/ID/list answers it. A preview
// is a sample of something new: it is not kept for a reload, and what it took the place of comes back after it.

const KEY = "playlist";

export const playlist = {
  url: "", // where the list came from
  songs: [],
  at: -1,

  get song() {
    return this.songs[this.at] ?? null;
  },

  before: null, // what a preview took the place of

  /** `second`: where what is replaced was left. */
  set(url, songs, at, second = 0) {
    if (!songs[at]?.preview) this.before = null;
    else if (this.song && !this.song.preview) this.before = { ...this.left, second };
    Object.assign(this, { url, songs, at });
  },

  /** Brings back what a preview took the place of; the second at which it was left, or null. */
  takeBack() {
    const kept = this.before;
    if (!kept) return null;
    this.set(kept.url, kept.songs, kept.at);
    return kept.second;
  },

  get left() {
    const { url, songs, at } = this;
    return { url, songs, at };
  },

  /** Moves by `steps`; false where the list ends. */
  move(steps) {
    const to = this.at + steps;
    if (to < 0 || to >= this.songs.length) return false;
    this.at = to;
    return true;
  },

  save(second) {
    const kept = this.song.preview ? this.before : { ...this.left, second };
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  },

  /** The second at which the song was left, or null when nothing was played in this tab. */
  restore() {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (!kept?.songs?.[kept.at]) return null;
    this.set(kept.url, kept.songs, kept.at);
    return kept.second ?? 0;
  },
};

/** Asks for the list behind a play button. Throws with words for the listener. */
export async function fetchSongs(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? "Bandstand could not find these songs.");
  return body.songs;
}
