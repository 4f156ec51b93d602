"""Documents made from the table of operations: OpenAPI, a reference page, and a page for each problem type."""
