"""What may leave a substation: derived from the rules, proved, and enforced at its gate."""
