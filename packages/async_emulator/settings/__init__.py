"""What a user can set: of the API, and of each deployment."""
