"""The command line. `app` is made when first asked for: nothing here imports a solver."""
