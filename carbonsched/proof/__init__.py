"""What a stranger can check without a solver: certificates, in exact arithmetic."""
