"""Dependency rules: how each kind of layer couples the channels it reads and makes."""
