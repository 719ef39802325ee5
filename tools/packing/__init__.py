"""Programs that run in Node.js and in Pyodide, to pack Python for the page."""
