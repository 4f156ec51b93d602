"""The migration history, one for both adapters."""

from diptych.bare import alias_in_diptych

alias_in_diptych(__name__)
