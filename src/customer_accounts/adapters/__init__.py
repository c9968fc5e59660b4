"""What connects the rules to the world: storages, mail servers, registers; each imported only where it is used."""
