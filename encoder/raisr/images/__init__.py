"""Reading photographs, resampling them, and writing files."""
