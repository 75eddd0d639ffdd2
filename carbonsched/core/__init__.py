"""The paper as code: what is given, stated, solved and judged. It imports no other room."""
