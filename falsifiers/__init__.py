"""Harnesses: each file measures one question; contracts judge the measurements."""
