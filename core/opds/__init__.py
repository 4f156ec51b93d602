"""The catalogue for e-readers, as OPDS 1.2 (https://specs.opds.io/opds-1.2) and 2.0 (https://drafts.opds.io/opds-2.0)."""
