"""All rows of the comparison, in the order in which they run: those of one shape stand together."""

from ensemble_rows import ENSEMBLE_ROWS
from server_rows import SERVER_ROWS

ROWS = SERVER_ROWS + ENSEMBLE_ROWS
