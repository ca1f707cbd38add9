"""Documents: Markdown to and from what Jira and Confluence store.

Owns the conversions between Markdown and Atlassian Document Format, Confluence storage XHTML and
Jira wiki markup. All of them are pure functions that meet in one small model (`document.py`):
`markdown_reader.py` and `markdown_writer.py` know Markdown, `X_to_markdown.py` and
`markdown_to_X.py` know the format X. What Markdown has no word for is shown as a visible marker
such as `[macro: toc]`, named in `Rendered.lossy`, and never dropped.

Owns no I/O and no idea of issues or pages: `tools` calls it, `atlassian` fetches the documents.
"""
