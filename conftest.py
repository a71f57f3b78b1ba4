"""Put the checkout first on the path, so that tests judge this tree and not an installed copy."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
