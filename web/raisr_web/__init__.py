"""Flask pages and a custom element that show small payloads as large output images."""
