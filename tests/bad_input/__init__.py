"""Bad input, held against every command, every value and a real web framework."""
