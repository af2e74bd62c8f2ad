"""What the vendor's API stores: one resource, one file; Structs first, then its actions."""
