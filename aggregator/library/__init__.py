"""Claims become items: what the accounts say, what is one thing, and what a listener has of it.

In the order in which data flows:

    drafts      records, and the artists, albums and songs that credits and plays imply
    claims      `Intake`: drafts stored as claims of one account, with dirty marks
    guard       what is missing from a complete answer goes, or is held for a listener's yes
    folding, titles, likeness, readings   text as it is compared, and what a line may mean
    evidence, artist_rules, album_rules, recording_form, recording_rules      what speaks for two being one thing
    neighbours  the claims a change can reach
    clusters    the partition, a pure function
    matching    a neighbourhood decided
    merging     the driver: dirty claims -> links -> rows, shelves, words
    rows, art, shelves, find              what is kept of items for pages
    questions   what only a listener can answer, kept for each of them with what it touches
    review, comparison                    the queue of these as a page reads it, and two items side by side
    decisions   same, not the same, split, and their undoing
    acts        what was said, and whether it still holds
    weighing    what a decision would change, told before it is made
    items, search                         what pages read

Traps: a claim's number orders nothing but the naming of items; ties are broken by account key and the provider's id.
Totals of an item are sums over its claims, so whatever changes a claim must mark it dirty (`guard.mark_dirty`).
"""
