// What is being played: a list of songs and a place in it. Kept for this tab, so that a reload finds it again.
//
// A song: { src, title, credit, href, sleeve, hue, type, chip, seconds }, as /albums/ID/list answers it.

const KEY = "playlist";

export const playlist = {
  url: "", // where the list came from
  songs: [],
  at: -1,

  get song() {
    return this.songs[this.at] ?? null;
  },

  set(url, songs, at) {
    Object.assign(this, { url, songs, at });
  },

  /** Moves by `steps`; false where the list ends. */
  move(steps) {
    const to = this.at + steps;
    if (to < 0 || to >= this.songs.length) return false;
    this.at = to;
    return true;
  },

  save(second) {
    const { url, songs, at } = this;
    sessionStorage.setItem(KEY, JSON.stringify({ url, songs, at, second }));
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
