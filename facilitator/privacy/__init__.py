"""Finding identifiers, and replacing them."""
