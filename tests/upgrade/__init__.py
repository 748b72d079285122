"""What the program before this one left, and the way from there to here."""
