"""The command line ``customer-accounts``, for those who run a shop: tables, mails, VAT (extra ``cli``)."""
