"""The records on the listener's shelf, from a list they keep: one line per record, ``artist, title, year``."""

import csv
from collections.abc import Iterator

from aggregator.plugin import Credit, Edition, Field, Folder, Holding, Library, Provider, Skipped, Unavailable


class Shelf(Provider, Library):
    id = "shelf"
    name = "Record shelf"
    about = "Vinyl and CDs from a list you keep: records.csv with artist, title and year."

    class Settings(Provider.Settings):
        folder: Folder = Field(title="Folder", description="Where your records.csv is.")

    def library(self) -> Iterator[Edition | Holding | Skipped]:
        try:
            lines = (self.settings.folder / "records.csv").read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise Unavailable(f"The list of records cannot be read ({error.strerror}).") from error
        for number, row in enumerate(csv.reader(lines, skipinitialspace=True), 1):
            try:
                artist, title, year = row
                edition = Edition(id=f"{artist}/{title}", title=title, credits=[Credit(name=artist)], released=year)
            except ValueError:
                yield Skipped(of="edition", id=f"line {number}", reason="It is not an artist, a title and a year.")
                continue
            yield edition
            yield Holding(of="edition", id=edition.id, how="owned")
