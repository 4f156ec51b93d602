"""The source twin: all that waits for the database, written once. diptych.core.sync is made of it: `make twins`."""
