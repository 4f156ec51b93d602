"""The sample catalogue that ships with Diptych."""
