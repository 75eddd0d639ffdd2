"""An instance's model as data, for a program without Python: the pages of the book."""
