"""One module per data set: `make(folder)` writes a small copy in the exact layout in which the set
is distributed, with drawn pictures, so that a loader is tested without the data."""
