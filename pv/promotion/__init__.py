"""Status moves: which ones the receipts allow, and the edit that carries them out in a contract."""
