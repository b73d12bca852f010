"""Small widgets that the pages share; they know nothing of the session."""
