"""Reports for people who pay: chargeback, budgets and savings of a month, read as an analyst."""
