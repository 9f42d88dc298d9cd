"""Run the command `tandem`."""

from tandem.start import main

main()
