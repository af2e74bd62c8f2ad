"""Stock adjustments in any number: cut into requests of 1000, none lost, none applied twice."""
