"""Claims become items: what the accounts say, what is one thing, and what a listener has of it.

claims      records -> claims (`Intake`), with the guard against sudden emptiness
folding, titles, evidence and the rules of each kind      what speaks for two claims being one thing
clusters    the partition, a pure function
merging     dirty claims -> links -> rows of items, shelves and the search index
decisions   same, not the same, split, and their undoing
items, search      what pages read
"""
