"""`make attack`: everything that clients can do to a service, against both adapters, and what comes of it.

- `starvation.py`: expensive reads, slow clients, uploads that do not end, responses that are not read.
- `uploads.py`: slow uploads of files, with one connection to the database.
- `smuggling.py`: the corpus of request smuggling through HAProxy and nginx.
- `fuzzing.py`: requests with changed bytes.
- `bodies.py`: the bodies that cost the most processor time; `make worst-bodies` searches for longer.
"""
