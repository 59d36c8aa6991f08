"""Speed, as ratios to something measured in the same run. Measured with the compiled modules where `make fast` made them."""

from commands.compiled import use

use()
