"""What the project is made of besides its own code: pinned packages, their licences, the workflows that build it."""
