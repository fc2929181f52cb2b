"""Who said what, from what the facilitator marked."""
