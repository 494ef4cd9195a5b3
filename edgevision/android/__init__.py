"""The bridge to the phone: export a model into the app, check an app, start an app of one's own."""
