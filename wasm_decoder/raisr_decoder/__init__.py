"""The decoder of raisr: a small picture and a bank of learned filters in, the full picture out.

Depends on NumPy alone, so it runs in CPython and, through Pyodide, in a browser.
"""
