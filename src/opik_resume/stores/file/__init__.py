"""The local SQLite file: how it is opened and written, its tables, and what is kept in it for both stores."""
