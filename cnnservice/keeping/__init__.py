"""What keeps a service well for years: backups, deleting what is old, clearing away what nobody names."""
