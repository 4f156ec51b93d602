"""RIS, the tagged format of Reference Manager, which EndNote, Zotero and Mendeley write."""
