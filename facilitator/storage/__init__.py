"""Study and session databases, event logs, keys, locks, and the plain files people edit."""
