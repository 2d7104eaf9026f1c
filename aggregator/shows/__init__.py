"""What is on: one event per real event, near a listener, on their calendar.

places      zip codes, coordinates, distances and time zones, offline
evidence    when two listings are one event (rules for the library's merge)
items       rows of table `show` from present claims, with what a calendar must know of changes
calendar    read models: a month, one show, the next few; whose shows they are
cards       a show as pages say it
feed        the .ics calendar, with the time zones of `zones`
"""
