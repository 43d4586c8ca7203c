"""``infra/deploy.sh`` with the real Azure CLI, and a recorder on loopback where Azure would be."""
