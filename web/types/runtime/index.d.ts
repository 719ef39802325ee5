/** The folder of Pyodide, NumPy and the decoder; it changes its name with its content. */
export const FOLDER: string;
