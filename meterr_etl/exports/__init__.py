"""Files that other programs read: what is billed, in formats that others define."""
