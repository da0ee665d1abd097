"""The widget: the control model that answers requests, the feed that streams, and what both send."""
