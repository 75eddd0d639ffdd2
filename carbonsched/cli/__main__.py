"""``python -m carbonsched.cli`` is ``carbonsched``."""

from carbonsched.cli import main

main()
