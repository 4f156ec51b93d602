"""CSL-JSON, the data of the Citation Style Language, which Zotero and pandoc read and write."""
