"""Rules over contracts, grouped into gates; every gate says what it judged."""
