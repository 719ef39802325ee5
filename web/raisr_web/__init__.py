"""A Flask page and a custom element that show small pictures restored by Python in the browser."""
