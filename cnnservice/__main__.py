"""`python -m cnnservice`."""

from cnnservice.cli import app

app()
