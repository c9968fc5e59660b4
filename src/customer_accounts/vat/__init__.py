"""VAT: numbers, rates, and an explained decision for every order line."""
