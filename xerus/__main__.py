"""`python -m xerus` is the command `xerus`."""

from xerus.cli import main

main()
