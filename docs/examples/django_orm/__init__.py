"""A storage on Django's models: records as rows of the shop's own database, for the admin and for joins."""
