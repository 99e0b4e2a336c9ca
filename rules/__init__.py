"""The built-in pack: one file for each rule, in a folder for each family."""
