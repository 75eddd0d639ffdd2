"""``python -m carbonsched`` is ``carbonsched``."""

from carbonsched.cli import main

main()
