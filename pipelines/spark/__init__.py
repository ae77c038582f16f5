"""The whole pipeline over what is already here, on Apache Spark: the same functions, the same tables. See docs/scaling-out.md.

`job` is the flow from top to bottom. Only this package imports pyspark (extra `spark`), and nothing in `pipelines/` imports this package.
"""
