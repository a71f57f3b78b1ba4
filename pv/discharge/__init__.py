"""Running falsifiers: from an id to a judged outcome. The only room that executes code."""
