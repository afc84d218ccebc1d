"""Encoders of rows, a module each: `build(shape)` makes one for rows of shape (F,)."""
