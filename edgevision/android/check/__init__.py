"""Checking an app, packed or as a project, without the Android SDK."""
