"""Published results: what the full scope gave, as text in the repository, so that not every machine makes every run.

`published/<study>/` has four tables and a sealed file that vouches for them. `store` reads and writes these files, and
`compare` holds what is made here against them. What is published and what is made here is told by `planning.scope`.
"""
