"""The running service against its own document, as programs of others read it: schemathesis and Spectral."""
