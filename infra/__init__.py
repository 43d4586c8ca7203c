"""What deploys the relay: Bicep templates, the package, the scripts. Nothing of it is deployed."""
