"""Requirements that no fault is tried against, each with the reason."""

NOT_YET: dict[str, str] = {}
