"""`python -m forensics` is the command `forensics`."""

from forensics.cli import main

main()
