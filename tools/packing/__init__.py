"""What runs in Node.js and Pyodide to pack Python for the page."""
