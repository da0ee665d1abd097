"""What stays when nobody is there: the picture in a saved notebook, what a reload finds again."""
