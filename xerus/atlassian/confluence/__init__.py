"""The Confluence client: REST v2 and what is left of v1 on Cloud, REST on Data Center.

Both deployments give the same records (`records.py`). Bodies are passed through as they are: ADF
on Cloud, storage format on Data Center; see `Confluence.is_cloud`.
"""
