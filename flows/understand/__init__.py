"""What customers really write, understood: one pure function from a text and its open prompt to what it means.

`fold` makes one spelling of many, `lexicon` holds the words of 28 language forms, `cover` gives every token a
role, `grammar` decides what whole messages decide, `parts` and `classify` name everything else. Only the grammar
is ever sure of a yes, no or cancel, or a word of the lexicon and the classifier together (see `witness`).
"""

from flows.understand.fold import clean, fold
from flows.understand.lexicon import LANGUAGES, UNREVIEWED
from flows.understand.model import DECISIONS, INTENTS, REASONS, TONES, Part, Slots, Understood
from flows.understand.reading import understand

__all__ = [
    "DECISIONS",
    "INTENTS",
    "LANGUAGES",
    "REASONS",
    "TONES",
    "UNREVIEWED",
    "Part",
    "Slots",
    "Understood",
    "clean",
    "fold",
    "understand",
]
