"""What runs and what is read behind the views: one desk for every run of this process, and readings that are kept."""
