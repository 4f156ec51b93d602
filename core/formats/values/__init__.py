"""Values as files have them: dates, names, ISBNs, languages and more, each read by rules that never guess.

A rule takes the text of a file, and returns None when it says nothing ("N/A"). It raises ValueError, with a reason for
people, when it says something that is not understood.
"""
