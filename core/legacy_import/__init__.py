"""Adoption: inspect an earlier application's database, plan what becomes what, validate each row, and copy all or none.

`runner` adopts in place and `copy_from` from another database. Both follow a plan, which `inference` makes from what
`inspection` finds, or `plan_file` reads; `conversions` has the rule of each kind of value.
"""
