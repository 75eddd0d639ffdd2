"""The paper as code: what is given, and how (1)-(16) are stated. It imports no other room."""
