"""Pretend providers over real HTTP and SMTP. Imports nothing of the house: it knows the product only as a stranger does."""
