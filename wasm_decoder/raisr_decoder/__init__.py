"""The decoder of raisr: a base image and a bank of learned filters in, the output image out.

Depends on NumPy alone, so it runs in CPython and, through Pyodide, in a browser.
"""
