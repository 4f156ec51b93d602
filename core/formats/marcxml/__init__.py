"""MARC 21 for bibliographic data, in MARCXML (https://www.loc.gov/standards/marcxml/)."""
