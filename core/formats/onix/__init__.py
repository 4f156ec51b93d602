"""ONIX for Books (EDItEUR), releases 3.0 and 2.1, with reference names or short tags."""
