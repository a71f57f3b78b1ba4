"""What every kernel compiled for this processor is built with."""
