"""A corpus made into a data set: pieces chosen, split, and encoded."""
