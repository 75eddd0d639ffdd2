"""What people and systems act on, made of an instance and its schedule: tables, files, a report."""
