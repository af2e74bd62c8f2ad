"""Linking in the browser: to the consent page, back, and on to where somebody came from."""
