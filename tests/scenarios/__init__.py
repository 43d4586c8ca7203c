"""Users' stories over real HTTP: the function host as a process, Azurite, the IM emulator, a scripted model."""
