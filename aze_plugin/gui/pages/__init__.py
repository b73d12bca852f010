"""The five pages of the panel; they show the session and hold nothing of their own."""
