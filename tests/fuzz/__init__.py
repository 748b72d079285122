"""Fuzzing of the parser and the splicer: a corpus that is kept, random changes of it, and a guided search."""
