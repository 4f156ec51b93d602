"""MARC 21 for bibliographic data, in ISO 2709 (https://www.loc.gov/marc/bibliographic/)."""
