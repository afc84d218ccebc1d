"""Tables, a module each. Every split is drawn once, by numpy's frozen generator, and is the same for all seeds."""
