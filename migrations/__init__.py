"""The database's history: one for both adapters."""

from diptych.bare import hand_on

hand_on(__name__)
