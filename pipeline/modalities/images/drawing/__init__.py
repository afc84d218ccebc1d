"""What images are made of where a data set draws its own: letters by outline and by name, and degradations."""
