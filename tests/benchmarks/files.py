"""A music folder of 10,000 tagged files: `bandstand sync` against MPD's `update`, in pairs on the same folder.

The files are copies of five short tones with tags, in five formats; both programs read them from a warm cache. Both
first see an empty folder, into which the music is then moved. Bandstand's time runs from the start of the command until
all claims are committed; merging comes after. Seconds of the clock, so the machine should have nothing else to do.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mutagen

SEEDS = Path(__file__).parent.parent / "plugins" / "seeds"
KINDS = ("flac", "mp3", "ogg", "m4a", "opus")
ALBUMS, SONGS = 800, 12.5
ROUNDS = 3
BANDSTAND = [sys.executable, "-m", "aggregator"]


def main() -> None:
    """Print a table of seconds: first and unchanged run of both, round by round."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        music = Path(folder, "corpus")
        count = make(music)
        print(f"{count} files, {sum(f.stat().st_size for f in music.rglob('*.*')) / 1e6:.0f} MB")
        if not shutil.which("mpd") or not shutil.which("mpc"):
            print("mpd and mpc are not installed (apt install mpd mpc): nothing to compare with.")
        print(f"{'round':>6} {'first':>7} {'mpd':>7} {'ratio':>7} {'unchanged':>10} {'mpd':>7}")
        ratios = []
        for number in range(1, ROUNDS + 1):
            ours = bandstand(music, Path(folder, f"data{number}"))
            theirs = mpd(music, Path(folder, f"mpd{number}")) if shutil.which("mpd") else (float("nan"),) * 2
            ratios.append(ours[0] / theirs[0])
            print(
                f"{number:6} {ours[0]:7.2f} {theirs[0]:7.2f} {ratios[-1]:7.2f} {ours[1]:10.2f} {theirs[1]:7.2f}",
                flush=True,
            )
        print(f"median ratio {statistics.median(ratios):.2f}")


def make(music: Path) -> int:
    """Albums of 12 or 13 songs in ``Artist/Year - Album``, each in one format; returns the number of files."""
    count = 0
    for album in range(ALBUMS):
        kind = KINDS[album % len(KINDS)]
        folder = music / f"Artist {album % 200:03}" / f"{1970 + album % 50} - Album {album:03}"
        folder.mkdir(parents=True)
        for song in range(1, int(SONGS * (album + 1)) - int(SONGS * album) + 1):
            _song(folder / f"{song:02} Song {album:03}-{song:02}.{kind}", album, song)
            count += 1
    return count


def _song(file: Path, album: int, song: int) -> None:
    shutil.copyfile(SEEDS / f"tone{file.suffix}", file)
    opened = mutagen.File(file, easy=True)
    artist = f"Artist {album % 200:03}"
    opened.update(
        title=f"Song {album:03}-{song:02}",
        artist=artist if song % 5 else [artist, "A Guest"],
        albumartist=artist,
        album=f"Album {album:03}",
        date=str(1970 + album % 50),
        tracknumber=f"{song}/13",
        discnumber="1/1",
        genre="Dream Pop",
        musicbrainz_trackid=f"00000000-0000-4000-8000-{album:06}{song:06}",
        musicbrainz_albumid=f"00000000-0000-4000-9000-{album:012}",
        musicbrainz_artistid=f"00000000-0000-4000-a000-{album % 200:012}",
    )
    opened.save()


def bandstand(music: Path, data: Path) -> tuple[float, float]:
    """Seconds until the claims of a first run are committed, and of a whole command that finds nothing new."""
    root = data / "root"
    root.mkdir(parents=True)
    config = data / "config.toml"
    config.write_text(f'data = "{data}"\n[accounts.music]\nprovider = "files"\nsettings.folder = "{root}"\n')
    command = [*BANDSTAND, "--config", str(config), "sync", "music"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    music.rename(root / "music")
    try:
        first = _until_stored(command)
        begun = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return first, time.monotonic() - begun
    finally:
        (root / "music").rename(music)


def _until_stored(command: list[str]) -> float:
    begun, stored = time.monotonic(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            stored = stored or (time.monotonic() - begun if "stored after" in line else 0.0)
    if process.returncode or not stored:
        raise SystemExit("bandstand sync failed")
    return stored


def mpd(music: Path, work: Path) -> tuple[float, float]:
    """Seconds of `mpc update --wait` on the folder as it appears below an empty root, and once more."""
    root = work / "root"
    root.mkdir(parents=True)
    socket = work / "socket"
    config = work / "mpd.conf"
    config.write_text(
        f'music_directory "{root}"\ndb_file "{work}/db"\nbind_to_address "{socket}"\nlog_file "{work}/log"\n'
        'audio_output {\n type "null"\n name "none"\n}\n'
    )
    daemon = subprocess.Popen(["mpd", "--no-daemon", str(config)], stderr=subprocess.DEVNULL)
    update = ["mpc", "--host", str(socket), "--wait", "update"]
    try:
        _wait_for(socket)
        subprocess.run(update, check=True, stdout=subprocess.DEVNULL)
        music.rename(root / "music")
        times = []
        for _ in range(2):
            begun = time.monotonic()
            subprocess.run(update, check=True, stdout=subprocess.DEVNULL)
            times.append(time.monotonic() - begun)
        return times[0], times[1]
    finally:
        daemon.terminate()
        daemon.wait()
        if (root / "music").exists():
            (root / "music").rename(music)


def _wait_for(path: Path) -> None:
    for _ in range(100):
        if path.exists():
            return
        time.sleep(0.05)
    raise SystemExit("mpd did not start")


if __name__ == "__main__":
    main()
