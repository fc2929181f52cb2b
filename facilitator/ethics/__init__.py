"""What must hold before anything leaves the study."""
