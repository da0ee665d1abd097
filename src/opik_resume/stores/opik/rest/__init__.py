"""The server's REST API, whatever is asked of it: requests, retries, bodies, pages, and what its refusals mean."""
